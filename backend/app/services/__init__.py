"""The seed's door to the engine."""
