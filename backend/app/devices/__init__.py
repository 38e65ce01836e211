"""Devices: games, robots and sensors with an account of their own at the MQTT broker."""
