"""Announcements: what administrators say to everybody, shown in the page until it is dismissed or over."""
