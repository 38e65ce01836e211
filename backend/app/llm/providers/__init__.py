"""Adapters from the engine's requests to model servers."""
