"""`python -m candidly`: the same as the `candidly` script."""

from candidly.cli import main

main()
