import base64
from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.image_operation import GPT_MODEL, PLAIN_MODEL, require_image_request
from nexhina.dialects.multipart import read_form_of
from nexhina.dialects.openai_image_edits import OpenAIImageEdits
from nexhina.dialects.openai_image_variations import OpenAIImageVariations
from nexhina.dialects.quirk import Quirks
from nexhina.domain.model import Model
from nexhina.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    NexhinaError,
    UnsupportedMediaTypeError,
)
from nexhina.providers.registry import require_provider
from support.inbound import make_inbound
from support.pictures import FORM, make_form, make_gif, make_jpeg, make_png, make_webp, write_form
from support.sent import whole

EDITS = OpenAIImageEdits()
VARIATIONS = OpenAIImageVariations()
PNG = make_png(64, 48)
MASK = make_png(64, 48, alpha=True)
FIELDS = {"model": "painter", "prompt": "Add a héron"}
IMAGE = ("image", "a.png", "image/png", PNG)
QUIRKS = Quirks(
    ours=frozenset({"response_format"}),
    drop=frozenset({"style"}),
    refuse=frozenset({"seed"}),
    rename={"user": "user_id"},
    clamp={"output_compression": (10, 90)},
    since="2026-11",
    source="here",
)
PAINTER = Model(name="painter", maker="x", operations=("image_edits",), image_stream=True)


def refuse(call: Any, dialect: Any = EDITS) -> NexhinaError:
    with pytest.raises(NexhinaError) as caught:
        dialect.peek(call)
    return caught.value


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [EDITS, VARIATIONS], ids=["edits", "variations"])
def test_an_empty_field_of_a_form_is_none(
    dialect: OpenAIImageEdits | OpenAIImageVariations,
) -> None:
    # Clients of statically typed languages write the fields that nobody set.
    empty = dict.fromkeys(("model", "n", "size", "response_format", "quality", "stream"), "")
    peek = dialect.peek(make_form({"prompt": "Add a héron"} | empty, [IMAGE]))
    assert (peek.n, peek.size, peek.response_format, peek.quality) == (1, None, None, None)
    assert peek.model == (GPT_MODEL if dialect is EDITS else PLAIN_MODEL)
    assert peek.stream is False
    sent = dialect.write_same(peek, b"", peek.model, None)
    assert read_form_of(whole(sent.body), sent.kind or b"").text("model") == peek.model


def test_a_form_is_read_with_all_its_pictures() -> None:
    fields = FIELDS | {"n": 2, "size": "auto", "quality": "high", "stream": "true"}
    fields |= {"partial_images": "2", "response_format": "b64_json", "output_format": "webp"}
    files = [("image[]", "a", None, PNG), ("image[]", "b", "image/webp", make_webp(9, 9))]
    peek = EDITS.peek(make_form(fields, [*files, ("mask", "m.png", "image/png", MASK)]))
    assert (peek.model, peek.n, peek.size, peek.quality) == ("painter", 2, "auto", "high")
    assert (peek.stream, peek.partial_images, peek.media_parts) == (True, 2, 3)
    assert (peek.response_format, peek.output_format) == ("b64_json", "webp")
    assert peek.characters == len("Add a héron")
    assert EDITS.prompt_bytes(peek, b"") == len("Add a héron".encode())
    assert peek.text_bytes < 100


def test_json_with_data_urls_links_and_files_is_read_as_well() -> None:
    large = make_png(64, 48) + bytes(40_000)
    images = [{"image_url": "https://x.example/1.png"}, {"image_url": data_url(large)}]
    images += [{"file_id": "file-1"}, {"image_url": data_url(PNG)}]
    body = {**FIELDS, "images": images, "n": 1, "extra": 5}
    peek = EDITS.peek(make_inbound(body))
    assert (peek.model, peek.media_parts, peek.form) == ("painter", 4, None)
    assert EDITS.prompt_bytes(peek, b"") == len("Add a héron".encode())
    assert peek.text_bytes < 1500  # the large payload is no text


def test_a_large_payload_under_another_name_is_not_taken_for_a_picture() -> None:
    text, picture = data_url(b"hello" * 20_000), data_url(make_png(64, 48) + bytes(40_000))
    images = [{"url": text, "file_id": "file-1"}, {"image_url": picture}]
    assert EDITS.peek(make_inbound({**FIELDS, "images": images})).media_parts == 2
    images.append({"image_url": text})
    error = refuse(make_inbound({**FIELDS, "images": images}))
    assert error.param == "images[2].image_url"


def test_a_variation_needs_no_prompt() -> None:
    peek = VARIATIONS.peek(make_form({"model": "painter", "n": "3", "size": "64x64"}, [IMAGE]))
    assert (peek.model, peek.n, peek.size, peek.media_parts) == ("painter", 3, "64x64", 1)
    assert VARIATIONS.prompt_bytes(peek, b"") == 0


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "data", "words"),
    [
        ("a.png", "image/png", b"", "empty file"),
        ("a.png", "image/png", b"%PDF-1.7 hello", "begins with b'%PDF-1.7 hel'"),
        ("a.png", "image/png", PNG[:20], "is a png that is broken"),
        ("a.jpg", "image/jpeg", make_jpeg(60_000, 60_000), "3,600,000,000 pixels"),
        ("a.gif", "image/gif", make_gif(60_000, 1068), "at most 64,000,000"),
    ],
)
def test_a_file_that_is_no_picture_or_a_bomb_is_refused(
    name: str, kind: str, data: bytes, words: str
) -> None:
    for dialect in (EDITS, VARIATIONS):
        error = refuse(make_form(FIELDS, [("image", name, kind, data)]), dialect)
        assert (error.status, error.param, error.code) == (400, "image", "invalid_image")
        assert words in error.message


@pytest.mark.parametrize(
    ("image", "mask", "words"),
    [
        (PNG, make_png(64, 48), "without an alpha channel"),
        (PNG, make_jpeg(64, 48), "a jpeg without an alpha channel"),
        (PNG, make_png(48, 64, alpha=True), "'mask' has 48x64 pixels and the first image 64x48"),
        (PNG, b"", "'mask' is an empty file"),
        (PNG, b"hello", "'mask' is no picture"),
    ],
)
def test_a_mask_must_fit_the_first_image(image: bytes, mask: bytes, words: str) -> None:
    files = [("image", "a", None, image), ("mask", "m", None, mask)]
    error = refuse(make_form(FIELDS, files))
    assert (error.status, error.param, error.code) == (400, "mask", "invalid_image")
    assert words in error.message
    if words.startswith("'mask' is an"):
        return
    images = [{"image_url": data_url(image)}]
    body = {**FIELDS, "images": images, "mask": {"image_url": data_url(mask)}}
    again = refuse(make_inbound(body))
    assert (again.status, again.code) == (400, "invalid_image")


def test_a_mask_may_stand_upright_where_a_photograph_lies() -> None:
    files = [
        ("image", "a", None, make_jpeg(40, 30)),
        ("mask", "m", None, make_png(30, 40, alpha=True)),
    ]
    assert EDITS.peek(make_form(FIELDS, files)).media_parts == 2


@pytest.mark.parametrize("named", [{}, {"model": GPT_MODEL}])
def test_an_edit_without_a_model_gets_the_default_one(named: dict[str, str]) -> None:
    peek = EDITS.peek(make_form(named | {"prompt": "x"}, [IMAGE]))
    assert peek.model == GPT_MODEL
    sent = EDITS.write_same(peek, b"", GPT_MODEL, None)
    assert sent.kind is not None
    form = read_form_of(whole(sent.body), sent.kind)
    assert (form.text("model"), form.text("prompt")) == (GPT_MODEL, "x")


def test_an_edit_as_json_without_a_model_gets_the_default_one() -> None:
    body = {"prompt": "x", "images": [{"image_url": data_url(PNG)}]}
    peek = EDITS.peek(make_inbound(body))
    sent = EDITS.write_same(peek, msgspec.json.encode(body), "up", None)
    assert peek.model == GPT_MODEL
    assert msgspec.json.decode(whole(sent.body)) == body | {"model": "up"}


def test_a_variation_without_a_model_gets_the_default_one() -> None:
    peek = VARIATIONS.peek(make_form({}, [IMAGE]))
    sent = VARIATIONS.write_same(peek, b"", "up", None)
    assert peek.model == PLAIN_MODEL
    assert sent.kind is not None
    assert read_form_of(whole(sent.body), sent.kind).text("model") == "up"


@pytest.mark.parametrize(
    ("fields", "files", "param", "words"),
    [
        ({"model": "m"}, [IMAGE], "prompt", "'prompt' is missing"),
        (FIELDS | {"prompt": ""}, [IMAGE], "prompt", "says what to draw"),
        (FIELDS | {"prompt": "x" * 200_000}, [IMAGE], "prompt", "(200000 characters)"),
        (FIELDS | {"n": "many"}, [IMAGE], "n", "from 1 to 128, not 'many'"),
        (FIELDS | {"n": "0"}, [IMAGE], "n", "from 1 to 128, not '0'"),
        (FIELDS | {"stream": "perhaps"}, [IMAGE], "stream", "true or false"),
        (FIELDS | {"partial_images": "9"}, [IMAGE], "partial_images", "from 0 to 3"),
        (FIELDS | {"response_format": "png"}, [IMAGE], "response_format", '"url" or "b64_json"'),
        (FIELDS, [], "image", "'image' is missing"),
        (FIELDS | {"image": "https://x.example/a.png"}, [], "image", "must be a file"),
        (FIELDS, [IMAGE] * 17, "image", "comes 17 times"),
        (FIELDS, [IMAGE, *[("mask", "m", None, MASK)] * 2], "mask", "2 masks"),
        (
            FIELDS | {"stream": "true", "response_format": "url"},
            [IMAGE],
            "response_format",
            "base64",
        ),
    ],
)
def test_a_form_that_does_not_fit_is_refused_with_the_field(
    fields: dict[str, str], files: list[Any], param: str, words: str
) -> None:
    error = refuse(make_form(fields, files))
    assert (error.status, error.param) == (400, param)
    assert words in error.message


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        (FIELDS, "images", "'images' is missing"),
        ({**FIELDS, "images": []}, "images", "1 to 16"),
        ({**FIELDS, "images": [{}]}, "images[0]", "either image_url or file_id"),
        ({**FIELDS, "images": [{"image_url": "x", "file_id": "y"}]}, "images[0]", "either"),
        ({**FIELDS, "images": [{"image_url": "ftp://x"}]}, "images[0].image_url", "http(s)"),
        ({**FIELDS, "images": [{"image_url": data_url(b"hi")}]}, "images[0].image_url", "b'hi'"),
        (
            {**FIELDS, "images": [{"image_url": "data:image/png;base64,"}]},
            "images[0].image_url",
            "empty",
        ),
        (
            {**FIELDS, "images": [{"file_id": "f"}], "mask": {"image_url": data_url(PNG)}},
            "mask",
            "alpha",
        ),
    ],
)
def test_json_that_does_not_fit_is_refused_with_the_place(
    body: dict[str, Any], param: str, words: str
) -> None:
    error = refuse(make_inbound(body))
    assert (error.status, error.param) == (400, param)
    assert words in error.message


def test_another_content_type_is_refused() -> None:
    error = refuse(make_inbound(b"x", {b"content-type": b"text/plain"}))
    assert isinstance(error, UnsupportedMediaTypeError)
    error = refuse(make_inbound({"model": "m"}), VARIATIONS)
    assert isinstance(error, UnsupportedMediaTypeError)


def test_a_variation_is_of_one_picture() -> None:
    error = refuse(make_form({"model": "m"}, [IMAGE, IMAGE]), VARIATIONS)
    assert "one picture can be given" in error.message


# --- a model's limits -----------------------------------------------------------------------------


def ask(**more: Any) -> Peek:
    return EDITS.peek(make_form(FIELDS | more, [IMAGE, IMAGE]))


@pytest.mark.parametrize(
    ("facts", "more", "param", "words"),
    [
        ({"image_inputs": 1}, {}, "image", "There are 2 images; painter takes one."),
        ({"prompt_limit": 5}, {}, "prompt", "has 11 characters; painter takes at most 5"),
        ({"image_stream": False}, {"stream": "true"}, "stream", "does not stream pictures"),
        ({"image_sizes": ("1x1",)}, {"size": "2x2"}, "size", "it draws 1x1"),
        ({"image_limit": 1}, {"n": "2"}, "n", "at most 1"),
    ],
)
def test_what_the_model_does_not_take_is_refused(
    facts: dict[str, Any], more: dict[str, str], param: str, words: str
) -> None:
    require_image_request(ask(**more), PAINTER)
    with pytest.raises(InvalidRequestError) as caught:
        require_image_request(ask(**more), msgspec.structs.replace(PAINTER, **facts))
    assert caught.value.param == param
    assert words in caught.value.message


def test_a_file_above_the_models_limit_is_too_large() -> None:
    with pytest.raises(BodyTooLargeError) as caught:
        require_image_request(ask(), msgspec.structs.replace(PAINTER, image_bytes=100))
    assert (caught.value.status, caught.value.param) == (413, "image")


# --- what is sent ---------------------------------------------------------------------------------


def test_a_form_that_needs_no_change_goes_on_as_it_is() -> None:
    call = make_form(FIELDS | {"unheard_of": "1"}, [IMAGE])
    sent = EDITS.write_same(EDITS.peek(call), call.body, "painter", None)
    assert sent.lane == "verbatim"
    assert sent.body is call.body
    assert sent.kind == FORM[b"content-type"]


def test_the_vendors_name_is_put_in_and_every_other_byte_stays() -> None:
    call = make_form(FIELDS, [IMAGE, ("mask", "m.png", "image/png", MASK)])
    sent = EDITS.write_same(EDITS.peek(call), call.body, "painter-up", None)
    assert sent.lane == "splice"
    assert sent.body == bytes(call.body).replace(b"painter", b"painter-up")


def test_quirks_hold_for_fields_of_a_form_as_for_json() -> None:
    fields = FIELDS | {"response_format": "url", "style": "vivid", "user": "ü", "seed": ""}
    call = make_form(fields | {"output_compression": "95"}, [IMAGE])
    sent = EDITS.write_same(EDITS.peek(call), call.body, "painter", QUIRKS)
    assert sent.dropped == ("output_compression", "style")
    assert isinstance(sent.body, bytes)
    form = read_form_of(sent.body, sent.kind or b"")
    assert {part.name for part in form.parts} == {
        *FIELDS,
        "image",
        "output_compression",
        "user_id",
    }
    assert form.text("user_id") == "ü"
    assert form.text("output_compression") == "90"
    with pytest.raises(InvalidRequestError, match="'seed' is not taken"):
        refused = make_form(fields | {"seed": "5"}, [IMAGE])
        EDITS.write_same(EDITS.peek(refused), refused.body, "painter", QUIRKS)


@pytest.mark.parametrize("declared", ["application/octet-stream", "image/png", None])
def test_a_wrong_type_is_set_right_because_vendors_refuse_by_it(declared: str | None) -> None:
    data = make_webp(64, 48)
    call = make_form(FIELDS, [("image", "upload", declared, data)])
    sent = EDITS.write_same(EDITS.peek(call), call.body, "painter", None)
    assert sent.body == write_form(FIELDS, [("image", "upload", "image/webp", data)])
    assert sent.lane == "splice"


def test_image_jpg_is_known_to_be_meant_well() -> None:
    call = make_form(FIELDS, [("image", "a.jpg", "image/jpg", make_jpeg(5, 5))])
    assert EDITS.write_same(EDITS.peek(call), call.body, "painter", None).lane == "verbatim"


def test_json_goes_the_ways_that_json_goes() -> None:
    body = msgspec.json.encode({**FIELDS, "images": [{"file_id": "f"}], "response_format": "url"})
    peek = EDITS.peek(make_inbound(body))
    assert EDITS.write_same(peek, body, "painter", None).body is body
    sent = EDITS.write_same(peek, body, "up", QUIRKS)
    assert isinstance(sent.body, bytes)
    assert msgspec.json.decode(sent.body) == {
        **FIELDS,
        "model": "up",
        "images": [{"file_id": "f"}],
    }


def test_a_stream_is_not_asked_for_options_that_images_do_not_have() -> None:
    body = msgspec.json.encode({**FIELDS, "images": [{"file_id": "f"}], "stream": True})
    peek = EDITS.peek(make_inbound(body))
    assert EDITS.write_same(peek, body, "painter", None).lane == "verbatim"


def test_openais_declaration_leaves_out_response_format_of_a_form() -> None:
    quirks = require_provider("openai").quirks_for("image_edits", "gpt-image-1.5")
    call = make_form(FIELDS | {"model": "gpt-image-1.5", "response_format": "url"}, [IMAGE])
    sent = EDITS.write_same(EDITS.peek(call), call.body, "gpt-image-1.5", quirks)
    assert isinstance(sent.body, bytes)
    assert not read_form_of(sent.body, sent.kind or b"").has("response_format")
    assert sent.dropped == ()
