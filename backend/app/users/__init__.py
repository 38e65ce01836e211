"""Users: accounts, roles, passwords."""
