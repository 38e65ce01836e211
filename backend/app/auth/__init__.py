"""Sign-in: tokens, sign-in families, the current caller."""
