"""The seeded generator of synthetic dialogues: one file per family of topics."""
