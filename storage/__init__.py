"""3 store: all SQL lives here: schema, migrations, store (writes), queries (reads)."""
