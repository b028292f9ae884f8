"""One version of the configuration, as the planner needs it."""

import msgspec

from nexhina.domain.channel import Channel
from nexhina.domain.model import Model, Price


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Read in one transaction; `version` grows with every change of models, channels or prices."""

    version: int
    models: tuple[Model, ...]
    channels: tuple[Channel, ...]
    prices: tuple[Price, ...]  # all dates; the planner picks the ones in force
