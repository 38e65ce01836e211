"""Projects: how the portal answers a kind of game or program that speaks MQTT; edited while it runs."""
