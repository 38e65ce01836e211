"""A person's own data as a whole: what the portal holds of them, to take along."""
