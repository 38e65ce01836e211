"""The demo model: corpus generator, training, export and evaluation."""
