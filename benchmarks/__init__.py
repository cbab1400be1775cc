"""What is fast and how right it is; each file is runnable by itself, all of them by `make bench`."""
