"""What a vendor's declaration holds. A new vendor is one file of data in `vendors/`.

Facts about models (context, price, sizes) are rows of the catalog, not declarations.
"""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks, merge_quirks

Verdict = Literal["ok", "caller", "busy", "overloaded", "ours", "failed"]
"""What a status means: an answer; the caller's mistake (400); try later; the vendor is at its
limit; our account's trouble (key, balance, name); anything else that failed. All but the first two
lead to the next candidate."""


class HeaderAuth(Struct, frozen=True, kw_only=True):
    """The key in one header: `name: prefix key`. A channel without a key sends none."""

    name: str = "Authorization"
    prefix: str = "Bearer "


BEARER = HeaderAuth()


class ErrorMap(Struct, frozen=True, kw_only=True):
    """Which statuses mean what, where the vendor has its own mind."""

    busy: frozenset[int] = frozenset({429})
    overloaded: frozenset[int] = frozenset({503, 529})
    caller: frozenset[int] = frozenset({400, 413, 422})
    ours: frozenset[int] = frozenset({401, 402, 403, 404})
    account_codes: frozenset[str] = frozenset(
        {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
    )  # error codes by which the vendor means our account, whatever the status
    policy_codes: frozenset[str] = frozenset(
        {"content_policy_violation", "content_filter", "moderation_blocked"}
    )  # … and by which it means the caller's content
    retry_after: bytes = b"retry-after"  # seconds or an HTTP date


class Provider(Struct, frozen=True, kw_only=True):
    """A vendor. `paths` are appended to the base URL; what is not in `speaks` is not offered."""

    name: str
    title: str
    base_url: str | None  # None: every channel brings its own
    speaks: dict[Operation, str]  # dialect by operation
    paths: dict[Operation, str]
    scheme: Literal["http", "sandbox"] = "http"  # "sandbox": answered inside the process
    auth: HeaderAuth | None = BEARER
    key_required: bool = True
    quirks: tuple[Quirks, ...] = ()
    errors: ErrorMap = ErrorMap()
    forward: tuple[bytes, ...] = ()  # the caller's headers that the vendor may read, lower-case
    below: dict[str, str] = {}  # formats taken below their operation's path, by dialect
    keeps: bool = False  # responses can be read and gone on from there, under the ids that it gave
    lacks: dict[Operation, tuple[str, ...]] = {}
    """By operation: upstream models (globs) that the vendor does not serve by it, though it speaks it."""
    model_suffix: str = ""  # a caller may append this and options to a model name

    def serves(self, operation: Operation, upstream_model: str) -> bool:
        """Whether the vendor takes the operation for this model: to be asked once per candidate."""
        return operation in self.speaks and not any(
            fnmatchcase(upstream_model, pattern) for pattern in self.lacks.get(operation, ())
        )

    def quirks_for(self, operation: str, upstream_model: str) -> Quirks | None:
        """The quirks of one model, merged: to be asked once per candidate, not per request."""
        return merge_quirks(self.quirks, operation, upstream_model)

    def classify(self, status: int, code: str | None = None) -> Verdict:
        """What an answer's status, and the code in a refusal's body, mean for this attempt."""
        errors = self.errors
        if status == 200:
            return "ok"
        kinds: tuple[tuple[bool, Verdict], ...] = (
            (code in errors.account_codes, "ours"),
            (code in errors.policy_codes, "caller"),
            (status in errors.busy, "busy"),
            (status in errors.overloaded, "overloaded"),
            (status in errors.caller, "caller"),
            (status in errors.ours, "ours"),
        )
        for fits, verdict in kinds:
            if fits:
                return verdict
        return "failed"


OPENAI_DIALECTS = {
    Operation.CHAT: "openai_chat",
    Operation.EMBEDDINGS: "openai_embeddings",
    Operation.IMAGES: "openai_images",
    Operation.COMPLETIONS: "openai_completions",
    Operation.MODERATIONS: "openai_moderations",
    Operation.RERANK: "rerank",
    Operation.MODELS: "openai_models",
}
OPENAI_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.IMAGES: "/images/generations",
    Operation.COMPLETIONS: "/completions",
    Operation.MODERATIONS: "/moderations",
    Operation.RERANK: "/rerank",
    Operation.MODELS: "/models",
}
"""What vendors after OpenAI's pattern share; a declaration takes them whole or in part."""
