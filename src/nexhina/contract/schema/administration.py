"""Log, User, Channel, Token, Redemption: the fields that this product's relatives share.

Times are Unix seconds, money is quota in whole units. Secrets appear only in the answer to creation.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Whole = Annotated[int, Meta(ge=0)]
SENT = Meta(extra_json_schema={"writeOnly": True})
"""Only in requests."""


class Log(Struct, kw_only=True, omit_defaults=True):
    """One row per call or event of the account."""

    id: int
    user_id: int
    username: str
    created_at: Whole
    type: Annotated[int, Meta(ge=0, le=6)]
    content: str
    token_name: str
    model_name: str
    quota: int
    prompt_tokens: Whole
    completion_tokens: Whole
    channel: int | None = None
    is_stream: bool = False
    request_id: str | None = None


class User(Struct, kw_only=True, omit_defaults=True):
    """A person who signs in."""

    id: int
    username: Annotated[str, Meta(min_length=1, max_length=20)]
    display_name: Annotated[str, Meta(max_length=20)]
    role: Literal[0, 1, 10, 100]
    status: Literal[1, 2, 3]
    email: Annotated[str, Meta(max_length=50)]
    quota: int
    used_quota: int
    request_count: Whole
    group: str = "default"
    password: Annotated[Annotated[str, Meta(min_length=8, max_length=20)] | None, SENT] = None
    verification_code: Annotated[str | None, SENT] = None
    access_token: str | None = None
    github_id: str = ""
    wechat_id: str = ""
    oidc_id: str = ""
    aff_code: str = ""
    inviter_id: int = 0


class Channel(Struct, kw_only=True, omit_defaults=True):
    """A configured account at a provider."""

    id: int
    name: str
    type: int
    status: Literal[0, 1, 2, 3]
    weight: Whole
    priority: int
    base_url: str
    models: str
    group: str = "default"
    model_mapping: str | None = None
    created_time: Whole
    test_time: Whole
    response_time: Whole
    used_quota: int
    balance: float = 0
    balance_updated_time: Whole = 0
    key: str | None = None


class Token(Struct, kw_only=True, omit_defaults=True):
    """An API key."""

    id: int
    user_id: int
    name: str
    key: str
    status: Literal[1, 2, 3, 4]
    created_time: Whole
    accessed_time: Whole
    expired_time: Annotated[int, Meta(ge=-1)] = -1
    remain_quota: int
    used_quota: int
    unlimited_quota: bool = False


class Redemption(Struct, kw_only=True, omit_defaults=True):
    """A top-up code."""

    id: int
    user_id: int
    name: str
    key: str
    status: Literal[1, 2, 3]
    quota: int = 100
    created_time: Whole
    redeemed_time: Whole
    count: Annotated[int, Meta(ge=1)] | None = None
