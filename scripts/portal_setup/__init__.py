"""The set-up, step by step. Runs before anything is installed: standard library only."""
