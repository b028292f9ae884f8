"""What callers of films send, in both families."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from nexhina.dialects.video_call import FilmCall, read_create, read_generation, read_remix
from nexhina.errors import InvalidRequestError, NexhinaError, UnsupportedMediaTypeError
from support.inbound import make_inbound

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060f80f0000040001005d5ccde70000000049454e44ae426082"
)
BIG = PNG[:16] + (100_000).to_bytes(4, "big") * 2 + PNG[24:]
JSON = {b"content-type": b"application/json"}
FORM = {b"content-type": b"multipart/form-data; boundary=B"}


def call(value: Any, headers: dict[bytes, bytes] | None = None):
    return make_inbound(msgspec.json.encode(value), headers={**JSON, **(headers or {})})


def form(*fields: tuple[str, bytes], head: bytes = b""):
    body = b""
    for name, value in fields:
        file = b'; filename="../../etc/passwd"' if name == "input_reference" else b""
        body += b'--B\r\nContent-Disposition: form-data; name="%b"%b%b\r\n\r\n%b\r\n' % (
            name.encode(),
            file,
            head,
            value,
        )
    return make_inbound(body + b"--B--\r\n", headers=FORM)


def generate(**fields: Any) -> FilmCall:
    return read_generation(call({"model": "m", "prompt": "p", **fields}))


def test_openais_json_is_read():
    film = read_create(
        call({"prompt": "p", "model": "m", "seconds": "8", "size": "720x1280", "style": {"a": 1}})
    )
    assert film.peek.model == "m"
    assert (film.request.ms, film.request.size) == (8000, "720x1280")
    assert film.request.extra == {"style": msgspec.Raw(b'{"a":1}')}
    assert film.peek.video_ms == 8000
    assert not film.at_once


def test_openais_default_model_is_its_own():
    assert read_create(call({"prompt": "p"})).peek.model == "sora-2"


def test_a_form_is_read_with_its_picture_whatever_its_name():
    film = read_create(
        form(
            ("prompt", b"p"),
            ("model", b"m"),
            ("seconds", b"4"),
            ("input_reference", PNG),
            ("x", b"y"),
        )
    )
    (picture,) = film.request.pictures
    assert (picture.data, picture.content_type) == (PNG, "image/png")
    assert film.request.extra == {"x": msgspec.Raw(b'"y"')}
    assert film.peek.media_parts == 1


def test_a_field_that_nobody_knows_may_come_more_than_once():
    film = read_create(form(("prompt", b"p"), ("tag", b"a"), ("tag", b"b"), ("mood", b"calm")))
    assert film.request.extra == {"tag": msgspec.Raw(b'["a","b"]'), "mood": msgspec.Raw(b'"calm"')}


def test_a_form_may_refer_to_a_picture():
    film = read_create(form(("prompt", b"p"), ("input_reference[image_url]", b"https://h/a.png")))
    assert film.request.pictures[0].url == "https://h/a.png"


def write_reference(*texts: bytes):
    fields = [(b"prompt", b"p"), *[(b"input_reference", text) for text in texts]]
    body = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % field
        for field in fields
    )
    return make_inbound(body + b"--B--\r\n", headers=FORM)


def test_a_text_where_a_picture_goes_is_a_reference_or_refused_and_never_lost():
    film = read_create(write_reference(b"https://h/a.png"))
    assert film.request.pictures[0].url == "https://h/a.png"
    assert read_create(write_reference(b"")).request.pictures == ()
    for texts in ((b"my cat",), (b"https://h/a.png", b"https://h/b.png")):
        with pytest.raises(InvalidRequestError) as caught:
            read_create(write_reference(*texts))
        assert caught.value.param == "input_reference"


@pytest.mark.parametrize(
    ("fields", "size"),
    [({"size": "1x2"}, "1x2"), ({"width": 3, "height": 4}, "3x4"), ({}, None)],
)
def test_the_sites_sizes_are_words_or_sides(fields, size):
    assert generate(**fields).request.size == size


@pytest.mark.parametrize(("fields", "ms"), [({"duration": 1.5}, 1500), ({"seconds": "2"}, 2000)])
def test_the_sites_length_has_two_names(fields, ms):
    assert generate(**fields).request.ms == ms


@pytest.mark.parametrize(
    "text", ["data:image/jpeg;base64," + b64encode(PNG).decode(), b64encode(PNG).decode()]
)
def test_a_picture_may_be_base64(text):
    assert generate(image=text).request.pictures[0].data == PNG


def test_a_large_picture_in_json_is_whole():
    data = PNG + b"\0" * 100_000
    film = generate(image_url="data:image/png;base64," + b64encode(data).decode())
    assert film.request.pictures[0].data == data


@pytest.mark.parametrize(
    ("fields", "headers", "wish"),
    [
        ({"async": True}, {}, True),
        ({"async": False}, {}, False),
        ({}, {b"prefer": b"wait=3, Respond-Async"}, True),
        ({}, {b"prefer": b"return=minimal"}, False),
    ],
)
def test_a_caller_may_want_the_job(fields, headers, wish):
    value = {"model": "m", "prompt": "p", **fields}
    assert read_generation(call(value, headers)).at_once is wish


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": "p", "seconds": "four"}, "seconds"),
        ({"prompt": "p", "seconds": "nan"}, "seconds"),
        ({"prompt": "p", "seconds": -4}, "seconds"),
        ({"prompt": "p", "seconds": 9e9}, "seconds"),
        ({"prompt": "p", "size": "a b"}, "size"),
        ({"prompt": "p", "input_reference": "x"}, "input_reference"),
        ({"prompt": "p", "input_reference": {}}, "input_reference"),
        (
            {"prompt": "p", "input_reference": {"image_url": "file:///etc/passwd"}},
            "input_reference",
        ),
        (
            {"prompt": "p", "input_reference": {"image_url": "https://a", "file_id": "f"}},
            "input_reference",
        ),
    ],
)
def test_what_does_not_fit_is_named(value, param):
    with pytest.raises(InvalidRequestError) as caught:
        read_create(call(value))
    assert caught.value.param == param


@pytest.mark.parametrize("data", [b"", b"not a picture", PNG[:20], b"GIF89a" + b"\0" * 20, BIG])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(InvalidRequestError) as caught:
        read_create(form(("prompt", b"p"), ("input_reference", data)))
    assert (caught.value.param, caught.value.code) == ("input_reference", "invalid_image")


def test_two_pictures_are_refused():
    with pytest.raises(InvalidRequestError, match="comes 2 times"):
        read_create(form(("prompt", b"p"), ("input_reference", PNG), ("input_reference", PNG)))


@pytest.mark.parametrize(
    "inbound",
    [
        make_inbound(b"--B\r\nnothing", headers=FORM),
        make_inbound(b"{", headers=JSON),
        make_inbound(b'{"prompt":"a","prompt":"b"}', headers=JSON),
        make_inbound(b'{"prompt":"p","x":' + b"[" * 5000, headers=JSON),
    ],
)
def test_broken_bodies_are_refused(inbound):
    with pytest.raises(NexhinaError):
        read_create(inbound)


def test_another_content_type_is_refused():
    with pytest.raises(UnsupportedMediaTypeError, match="or as multipart/form-data"):
        read_create(make_inbound(b"prompt=p", headers={b"content-type": b"text/plain"}))


def test_a_remix_is_a_prompt():
    assert read_remix(call({"prompt": "again"}))[0] == "again"
    assert read_remix(form(("prompt", b"again")))[0] == "again"
    with pytest.raises(InvalidRequestError):
        read_remix(call({}))


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"resolution": "1080P"}, "1080p"),
        ({"resolution": "4k"}, "2160p"),
        ({"resolution": "720p", "size": "1280x720"}, "1280x720"),
        ({"resolution": "fine"}, None),
        ({"resolution": 720}, None),
        ({}, None),
    ],
)
def test_a_vendors_own_fineness_counts_for_the_price_and_is_passed_on(given, size) -> None:
    film = read_create(make_inbound({"model": "m", "prompt": "p", **given}))
    assert film.peek.size == size
    assert film.request.size == given.get("size")
    assert ("resolution" in film.request.extra) == ("resolution" in given)


def test_openais_form_may_hold_a_seed_and_frames_for_other_vendors() -> None:
    film = read_create(
        make_inbound({"model": "m", "prompt": "p", "seed": 0, "fps": "24", "style": 3})
    )
    assert (film.request.seed, film.request.fps) == (0, 24)
    assert film.request.extra.keys() == {"style"}
    odd = read_create(make_inbound({"model": "m", "prompt": "p", "seed": "x", "fps": 2.5}))
    assert (odd.request.seed, odd.request.fps) == (None, None)
    assert odd.request.extra.keys() == {"seed", "fps"}
