"""A channel: a configured account at a provider."""

import msgspec

from nexhina.domain.secret import Secret


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """`models` maps public names to the vendor's names. Higher `priority` is tried first."""

    id: int
    tenant_id: int
    name: str
    provider: str
    public_name: str  # what callers without channel:see read in x-nexhina-channel
    base_url: str | None
    key: Secret
    models: dict[str, str]
    priority: int = 0
    weight: int = 1
    status: str = "enabled"  # "enabled" | "disabled"
    proxy: str | None = None
    ca_file: str | None = None
    automatic: bool = False  # the sandbox channel that a fresh installation makes for itself
    created_at: float = 0.0
