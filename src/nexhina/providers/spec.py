"""What a vendor's declaration holds. A new vendor is one file of data in `vendors/`.

Facts about models (context, price, sizes) are rows of the catalog, not declarations.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from nexhina.contract.operation import Operation
from nexhina.dialects.quirk import Quirks, merge_quirks
from nexhina.ports import Polling

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
        {
            *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),
            "API_KEY_INVALID",  # Google's, also in OpenAI's format: a 400
        }
    )  # error codes by which the vendor means our account, whatever the status
    policy_codes: frozenset[str] = frozenset(
        {"content_policy_violation", "content_filter", "moderation_blocked"}
    )  # … and by which it means the caller's content
    retry_after: bytes = b"retry-after"  # seconds or an HTTP date


class Service(Struct, frozen=True, kw_only=True):
    """How an operation is served; of a vendor's models those that one of the globs `models` fits."""

    operation: Operation
    models: tuple[str, ...] = ("*",)
    dialect: str
    path: str  # below the base URL; "~/…" is below the host, see `Provider.root`
    polling: Polling | None = None  # its path as `path`
    headers: dict[str, str] = {}  # what the vendor wants beside the common ones


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
    services: tuple[Service, ...] = ()
    """Models that are served in another way than `speaks` and `paths` say; the first that fits counts."""
    root: str = ""
    """What a base URL's path ends with for most operations; paths "~/…" stand in its place."""

    def service(self, operation: Operation, upstream_model: str) -> Service | None:
        """How the vendor takes the operation for this model, None: it does not. Asked once per candidate."""
        for each in self.services:
            if each.operation is operation and _fits(upstream_model, each.models):
                return each
        if operation not in self.speaks or _fits(upstream_model, self.lacks.get(operation, ())):
            return None
        return Service(
            operation=operation, dialect=self.speaks[operation], path=self.paths[operation]
        )

    def serves(self, operation: Operation, upstream_model: str) -> bool:
        """Whether the vendor takes the operation for this model."""
        return self.service(operation, upstream_model) is not None

    def operations(self) -> list[Operation]:
        """All that the vendor takes for some model."""
        return list(dict.fromkeys([*self.speaks, *(each.operation for each in self.services)]))

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


def _fits(model: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


OPENAI_DIALECTS = {
    Operation.CHAT: "openai_chat",
    Operation.EMBEDDINGS: "openai_embeddings",
    Operation.IMAGES: "openai_images",
    Operation.IMAGE_EDITS: "openai_image_edits",
    Operation.IMAGE_VARIATIONS: "openai_image_variations",
    Operation.SPEECH: "openai_speech",
    Operation.TRANSCRIPTIONS: "openai_transcriptions",
    Operation.TRANSLATIONS: "openai_translations",
    Operation.COMPLETIONS: "openai_completions",
    Operation.MODERATIONS: "openai_moderations",
    Operation.RERANK: "rerank",
    Operation.VIDEO: "openai_videos",
    Operation.MODELS: "openai_models",
}
OPENAI_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.IMAGES: "/images/generations",
    Operation.IMAGE_EDITS: "/images/edits",
    Operation.IMAGE_VARIATIONS: "/images/variations",
    Operation.SPEECH: "/audio/speech",
    Operation.TRANSCRIPTIONS: "/audio/transcriptions",
    Operation.TRANSLATIONS: "/audio/translations",
    Operation.COMPLETIONS: "/completions",
    Operation.MODERATIONS: "/moderations",
    Operation.RERANK: "/rerank",
    Operation.VIDEO: "/videos",
    Operation.MODELS: "/models",
}
"""What vendors after OpenAI's pattern share; a declaration takes them whole or in part."""
