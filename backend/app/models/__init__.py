"""Which models answer, and how they are reached."""
