"""Facts about models and what they cost: rows of data, never code."""

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the catalog. Token counts in tokens, sizes as "1024x1024"."""

    name: str
    maker: str
    title: str = ""
    operations: tuple[str, ...]  # values of contract.operation.Operation
    inputs: tuple[str, ...] = ("text",)  # modalities: text, image, audio, video, file
    outputs: tuple[str, ...] = ("text",)
    context: int | None = None
    output_limit: int | None = None
    dimensions: int | None = None  # of an embedding, by default
    dimensions_reducible: bool = False
    image_sizes: tuple[
        str, ...
    ] = ()  # allowed values of `size`, as documented; "auto" included if so
    image_qualities: tuple[str, ...] = ()
    image_limit: int = 10  # largest `n`
    video_sizes: tuple[str, ...] = ()  # allowed values of a film's `size`, as documented
    video_ms: tuple[int, ...] = ()  # allowed lengths of a film, in milliseconds
    image_reply: str = "url"  # what an answer carries when the caller does not say: url | b64_json
    image_inputs: int = 16  # most pictures that one edit may give
    image_bytes: int | None = None  # largest file of a picture given
    image_stream: bool = False  # whether `stream: true` brings pictures as events
    prompt_limit: int | None = None  # characters of an image's prompt
    image_input_tokens: int | None = None  # documented maximum for one image part
    created: int = 0  # Unix seconds; what /v1/models shows
    builtin: bool = True


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """One effective-dated price: `nano` nano-units of `currency` per `per` units of `kind`.

    `per` is 1,000,000 for tokens and characters, 1 for images and requests. `variant` narrows a
    kind ("1024x1024/high" of an image); "" is the price of every other variant. A price with a
    `channel_id` beats the catalog's.
    """

    id: int
    model: str
    channel_id: int | None
    kind: str  # see domain.usage.KINDS
    variant: str = ""
    nano: int
    currency: str = "USD"
    per: int
    since: float  # Unix seconds
    source: str
