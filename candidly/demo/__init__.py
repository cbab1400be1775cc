"""The demo: an invented company, what people say about it, and local servers to collect it from."""
