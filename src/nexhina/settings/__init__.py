"""The settings of a server: one typed table, and the rule which of several values wins."""

from nexhina.settings.reading import NOT_SETTINGS, read_settings
from nexhina.settings.table import ENV_PREFIX, SETTINGS, Setting, Settings, hide_password

__all__ = [
    "ENV_PREFIX",
    "NOT_SETTINGS",
    "SETTINGS",
    "Setting",
    "Settings",
    "hide_password",
    "read_settings",
]
