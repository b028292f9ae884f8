"""Who calls and who pays: tenant, user, token, and the principal that a key stands for."""

import msgspec

CHANNEL_PIN = "channel:pin"
CHANNEL_SEE = "channel:see"
ANY_TENANT = "any_tenant"
PERMISSIONS = (CHANNEL_PIN, CHANNEL_SEE, ANY_TENANT)


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation that pays. `postpaid`: its wallet has no floor."""

    id: int
    slug: str
    name: str
    postpaid: bool
    created_at: float  # Unix seconds


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person. Without `password_hash` they can't sign in yet."""

    id: int
    tenant_id: int
    email: str | None
    password_hash: str | None
    role: str  # "owner" | "member"
    created_at: float


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, without the key: `hint` is its first and last characters."""

    id: int
    tenant_id: int
    user_id: int
    name: str
    hint: str
    status: str  # "enabled" | "revoked"
    budget_nano: int | None  # None: no budget of its own
    models: tuple[str, ...] | None  # None: every model
    permissions: tuple[str, ...]
    created_at: float
    expires_at: float | None = None


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """What a key stands for: resolved once, held in memory, dropped when the token changes."""

    token: Token
    tenant: Tenant
    accounts: tuple[str, ...]  # wallet and, with a budget, the token's budget: held together

    def may(self, permission: str) -> bool:
        """Whether the token carries this permission."""
        return permission in self.token.permissions

    def may_use(self, model: str) -> bool:
        """Whether the token may call this model."""
        return self.token.models is None or model in self.token.models


def wallet_account(tenant_id: int) -> str:
    """The ledger account of a tenant's wallet."""
    return f"wallet/{tenant_id}"


def budget_account(token_id: int, period_start: int = 0) -> str:
    """The ledger account of a token's budget, one per period (0: a budget for ever)."""
    return f"budget/{token_id}/{period_start}"
