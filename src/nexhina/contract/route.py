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
    upload: bool = False  # takes multipart/form-data, which may be large


GOOGLE = "/v1beta/"
"""How the paths of Google's format begin; errors below it are in that format too."""

ROUTES: tuple[Route, ...] = (
    Route(
        path="/v1/chat/completions",
        methods=("POST",),
        operation=Operation.CHAT,
        dialect="openai_chat",
        summary="Create a chat completion, streamed or whole",
    ),
    Route(
        path="/v1/responses",
        methods=("POST",),
        operation=Operation.RESPONSES,
        dialect="openai_responses",
        summary="Create a response, streamed or whole",
    ),
    Route(
        path="/v1/responses/{id}",
        methods=("GET", "DELETE"),
        operation=Operation.RESPONSES,
        dialect="openai_responses",
        summary="Read a stored response, or delete it",
    ),
    Route(
        path="/v1/responses/{id}/input_items",
        methods=("GET",),
        operation=Operation.RESPONSES,
        dialect="openai_responses",
        summary="List what a stored response was asked",
    ),
    Route(
        path="/v1/responses/{id}/cancel",
        methods=("POST",),
        operation=Operation.RESPONSES,
        dialect="openai_responses",
        summary="Cancel a response that runs in the background",
    ),
    Route(
        path="/v1/responses/input_tokens",
        methods=("POST",),
        operation=Operation.RESPONSES,
        dialect="openai_responses",
        summary="Estimate the input tokens of a response",
    ),
    Route(
        path="/v1/responses/compact",
        methods=("POST",),
        operation=Operation.RESPONSES,
        dialect="openai_compaction",
        summary="Make a long conversation one item that stands for it",
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
        summary="Generate images from a text prompt, streamed or whole",
        idempotent_key=True,
    ),
    Route(
        path="/v1/images/edits",
        methods=("POST",),
        operation=Operation.IMAGE_EDITS,
        dialect="openai_image_edits",
        summary="Change images as a text says, streamed or whole",
        idempotent_key=True,
        upload=True,
    ),
    Route(
        path="/v1/images/variations",
        methods=("POST",),
        operation=Operation.IMAGE_VARIATIONS,
        dialect="openai_image_variations",
        summary="Make images like a given one",
        idempotent_key=True,
        upload=True,
    ),
    Route(
        path="/v1/audio/speech",
        methods=("POST",),
        operation=Operation.SPEECH,
        dialect="openai_speech",
        summary="Speak a text: sound as it is made, as bytes or as events",
        idempotent_key=True,
    ),
    Route(
        path="/v1/audio/transcriptions",
        methods=("POST",),
        operation=Operation.TRANSCRIPTIONS,
        dialect="openai_transcriptions",
        summary="Write down what is said in a recording, streamed or whole",
        idempotent_key=True,
        upload=True,
    ),
    Route(
        path="/v1/audio/translations",
        methods=("POST",),
        operation=Operation.TRANSLATIONS,
        dialect="openai_translations",
        summary="Write down in English what is said in a recording",
        idempotent_key=True,
        upload=True,
    ),
    Route(
        path="/v1/video/generations",
        methods=("POST",),
        operation=Operation.VIDEO,
        dialect="video_generations",
        summary="Make a film from a text and a picture, and wait for it or ask for it later",
        idempotent_key=True,
    ),
    Route(
        path="/v1/video/generations/{id}",
        methods=("GET",),
        operation=Operation.VIDEO,
        dialect="video_generations",
        summary="Ask how far a film is",
    ),
    Route(
        path="/v1/video/generations/{id}/cancel",
        methods=("POST",),
        operation=Operation.VIDEO,
        dialect="video_generations",
        summary="Give up a film that is being made",
    ),
    Route(
        path="/v1/videos",
        methods=("POST", "GET"),
        operation=Operation.VIDEO,
        dialect="openai_videos",
        summary="Begin to make a film, or list the films (OpenAI's form)",
        idempotent_key=True,
        upload=True,
    ),
    Route(
        path="/v1/videos/{id}",
        methods=("GET", "DELETE"),
        operation=Operation.VIDEO,
        dialect="openai_videos",
        summary="Ask how far a film is, or delete it",
    ),
    Route(
        path="/v1/videos/{id}/content",
        methods=("GET",),
        operation=Operation.VIDEO,
        dialect="openai_videos",
        summary="Download a film, or a picture of it",
    ),
    Route(
        path="/v1/videos/{id}/remix",
        methods=("POST",),
        operation=Operation.VIDEO,
        dialect="openai_videos",
        summary="Make a film anew with another prompt",
        idempotent_key=True,
    ),
    Route(
        path="/v1/videos/{id}/cancel",
        methods=("POST",),
        operation=Operation.VIDEO,
        dialect="openai_videos",
        summary="Give up a film that is being made",
    ),
    Route(
        path="/v1/completions",
        methods=("POST",),
        operation=Operation.COMPLETIONS,
        dialect="openai_completions",
        summary="Continue a text, streamed or whole (the older form of chat)",
    ),
    Route(
        path="/v1/moderations",
        methods=("POST",),
        operation=Operation.MODERATIONS,
        dialect="openai_moderations",
        summary="Judge whether texts and images are harmful",
    ),
    Route(
        path="/v1/rerank",
        methods=("POST",),
        operation=Operation.RERANK,
        dialect="rerank",
        summary="Sort documents by how well they answer a query",
    ),
    Route(
        path="/v2/rerank",
        methods=("POST",),
        operation=Operation.RERANK,
        dialect="cohere_rerank",
        summary="The same in Cohere's format",
    ),
    Route(
        path="/v2/embed",
        methods=("POST",),
        operation=Operation.EMBEDDINGS,
        dialect="cohere_embed",
        summary="Turn texts and pictures into vectors, in Cohere's format",
    ),
    Route(
        path="/v1/embed",
        methods=("POST",),
        operation=Operation.EMBEDDINGS,
        dialect="cohere_embed_v1",
        summary="The same in the first version of Cohere's format",
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
    Route(
        path="/v1beta/models",
        methods=("GET",),
        operation=Operation.MODELS,
        dialect="gemini_models",
        summary="List the models that this key may use, in Google's shape",
    ),
    Route(
        path="/v1beta/models/{model}",
        methods=("GET",),
        operation=Operation.MODELS,
        dialect="gemini_models",
        summary="Describe one model in Google's shape",
    ),
)
