"""What keeps a portal running from the terminal: backup and restore, and the doctor."""
