"""Prompt Portal: one self-hosted portal to every language model."""

__version__ = "0.1.0"
