"""API keys: scopes, limits, expiry."""
