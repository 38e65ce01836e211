"""Usage and money: what every request came to, by whom, and within which limits."""
