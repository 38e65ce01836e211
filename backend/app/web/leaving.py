"""How the server tells the application, before it waits for open connections, that it is about to stop."""

LEAVING = "leaving"
"""The key in the lifespan's state (ASGI lifespan, "Lifespan State") of what to call; endless streams end then."""
