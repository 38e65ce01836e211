"""Who did what: an append-only log of what people change, written by the services that change it."""
