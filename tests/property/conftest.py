"""Examples have no deadline: formats are imported when they are first asked for, and machines are shared."""

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
