"""Starting the portal from a terminal: settings, port, database, first admin, greeting."""
