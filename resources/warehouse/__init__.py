"""The warehouse: where a vintage that passed the gate is served, as SQLAlchemy tables made from the contracts.

`schema` turns contracts into tables, `release` says what is published, `duckdb_file` and `postgres` put it there,
`target` chooses between them, `reading` answers what is published. Whether a vintage may be published is decided
elsewhere (the gate); nothing here looks at checks.
"""
