"""The portal's own MQTT broker: a supervised Mosquitto whose accounts are the portal's devices."""
