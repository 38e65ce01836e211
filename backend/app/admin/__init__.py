"""What operators see and administrators change: health, figures, what runs now, people, the audit log."""
