"""The database: engine, sessions, table base."""
