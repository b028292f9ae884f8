"""Nexhina: a self-hosted AI API platform. One key and base URL over every model vendor."""

__version__ = "0.1.0"
