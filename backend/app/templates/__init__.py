"""Prompt templates: texts with variables, their versions, and the one renderer."""
