"""Log, User, Channel, Token, Redemption: the fields that this product's relatives share.

Times are Unix seconds, money is quota in whole units. Secrets appear only in the answer to creation.
"""

from typing import Annotated

from msgspec import Meta, Struct

Whole = Annotated[int, Meta(ge=0)]


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
    username: str
    display_name: str
    role: int
    status: int
    email: str
    quota: int
    used_quota: int
    request_count: Whole
    group: str = "default"


class Channel(Struct, kw_only=True, omit_defaults=True):
    """A configured account at a provider."""

    id: int
    name: str
    type: int
    status: int
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
    key: str | None = None


class Token(Struct, kw_only=True, omit_defaults=True):
    """An API key."""

    id: int
    user_id: int
    name: str
    key: str
    status: int
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
    status: int
    quota: int
    created_time: Whole
    redeemed_time: Whole
    count: Annotated[int, Meta(ge=1)] | None = None
