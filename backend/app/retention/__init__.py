"""Retention: what is older than its kind may grow is removed, kind by kind; off until an administrator sets it."""
