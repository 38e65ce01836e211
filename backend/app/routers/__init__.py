"""The seed's door to the routes."""
