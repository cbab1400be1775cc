"""candidly: what candidates say about you, from source to weekly report."""

__version__ = "0.1.0"
