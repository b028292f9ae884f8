"""Models in the three shapes that `GET /v1/models` has: one for OpenAI's and Anthropic's clients
together, Google's, and that of the Codex command line.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Tally = Annotated[int, Meta(ge=0)]


class ModelPrice(Struct, kw_only=True):
    """What `per` units of one kind cost."""

    kind: str
    amount: Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    per: Annotated[int, Meta(ge=1)]
    amount_nano_usd: Tally | UnsetType = UNSET
    variant: str | UnsetType = UNSET


class Modalities(Struct, kw_only=True):
    """What goes into a model and what comes out."""

    input: list[str]
    output: list[str]


class ModelObject(Struct, kw_only=True):
    """A model, with what a caller needs to choose it."""

    id: str
    object: Literal["model"]
    created: Tally
    owned_by: str
    type: Literal["model"]
    display_name: str
    created_at: str
    operations: list[str]
    modalities: Modalities
    context_length: int | None
    max_output_tokens: int | None
    max_input_tokens: int | None
    max_tokens: int | None
    price: list[ModelPrice]
    dimensions: int | UnsetType = UNSET
    image_sizes: list[str] | UnsetType = UNSET
    image_qualities: list[str] | UnsetType = UNSET


class ModelList(Struct, kw_only=True):
    """The models that a key may use, or one page of them."""

    object: Literal["list"]
    data: list[ModelObject]
    has_more: bool
    first_id: str | None
    last_id: str | None


class GeminiModel(Struct, kw_only=True, rename="camel"):
    """A model in Google's shape."""

    name: Annotated[str, Meta(pattern="^models/")]
    display_name: str
    supported_generation_methods: list[str]
    input_token_limit: int | UnsetType = UNSET
    output_token_limit: int | UnsetType = UNSET


class GeminiModelList(Struct, kw_only=True, rename="camel"):
    """The models that a key may use in Google's shape, or one page of them."""

    models: list[GeminiModel]
    next_page_token: str | UnsetType = UNSET


class CodexModel(Struct, kw_only=True):
    """A model in the shape of the Codex command line, which reads more fields than are named here."""

    slug: str
    display_name: str
    visibility: str
    supported_in_api: bool
    priority: int
    base_instructions: str
    context_window: int | None
    input_modalities: list[str]


class CodexModelList(Struct, kw_only=True):
    """The models that can hold a conversation, for the Codex command line."""

    models: list[CodexModel]
