"""The public routes of /v1: path, methods, operation, dialect. `GET /v1` lists them."""

import msgspec

from nexhina.contract.operation import Operation


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One path. A `{name}` segment matches one or more characters, percent-decoded, may hold "/"."""

    path: str
    methods: tuple[str, ...]
    operation: Operation
    dialect: str
    summary: str
    idempotent_key: bool = False  # honours Idempotency-Key


ROUTES: tuple[Route, ...] = (
    Route(
        path="/v1/chat/completions",
        methods=("POST",),
        operation=Operation.CHAT,
        dialect="openai_chat",
        summary="Create a chat completion, streamed or whole",
    ),
    Route(
        path="/v1/embeddings",
        methods=("POST",),
        operation=Operation.EMBEDDINGS,
        dialect="openai_embeddings",
        summary="Turn text into vectors",
    ),
    Route(
        path="/v1/images/generations",
        methods=("POST",),
        operation=Operation.IMAGES,
        dialect="openai_images",
        summary="Generate images from a text prompt",
        idempotent_key=True,
    ),
    Route(
        path="/v1/models",
        methods=("GET",),
        operation=Operation.MODELS,
        dialect="openai_models",
        summary="List the models that this key may use",
    ),
    Route(
        path="/v1/models/{model}",
        methods=("GET",),
        operation=Operation.MODELS,
        dialect="openai_models",
        summary="Describe one model",
    ),
)
