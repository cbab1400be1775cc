"""The commands, grouped by what a person wants. Each imports what it needs when it runs."""
