"""The HTTP faces: metrics, status, health, reload."""
