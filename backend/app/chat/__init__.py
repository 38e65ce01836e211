"""Conversations and turns over HTTP: /api/llm and /api/sessions."""
