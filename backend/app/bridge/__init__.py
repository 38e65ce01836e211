"""The MQTT door: games and devices ask the same engine through a broker."""
