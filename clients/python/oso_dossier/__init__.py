"""Part of OSO."""
