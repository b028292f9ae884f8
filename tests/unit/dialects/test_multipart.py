"""Forms: what is read, what stays, and what is changed on the way to the vendor."""

import pytest

from nexhina.dialects.multipart import (
    MAX_TEXT,
    Form,
    begin_scan,
    is_multipart,
    read_form,
    read_form_of,
)
from nexhina.errors import InvalidRequestError
from nexhina.ports import Segments, Slice
from support.form import BOUNDARY, MemorySpool, form_kind, join, make_upload, write_form

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
BODY = write_form(
    {"model": "gpt-image-1", "prompt": "a café"}, [("image", "cat.png", "image/png", PNG)]
)


def read(body: bytes, kind: bytes | None = None) -> Form:
    return read_form(make_upload(body, kind))


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_fields_and_files_are_read(spooled: bool):
    form = read_form(make_upload(BODY, spooled=spooled))
    assert form.text("model") == "gpt-image-1"
    assert form.text("prompt") == "a café"
    assert form.text("size") is None
    assert form.has("model")
    assert not form.has("size")
    (image,) = form.files("image")
    assert (image.filename, image.content_type, image.length) == ("cat.png", "image/png", len(PNG))
    assert form.read(image) == PNG
    assert form.head(image, 8) == PNG[:8]
    assert form.read_at(image, len(PNG) - 3, 100) == PNG[-3:]
    assert form.read_at(image, len(PNG) + 3, 100) == b""


def test_a_scan_at_arrival_spares_the_second_look():
    spool = MemorySpool(BODY)
    call = make_upload(b"")
    call.upload = spool
    call.scan = scan = begin_scan(form_kind())
    scan.feed(BODY)
    scan.finish()
    form = read_form(call)
    assert spool.reads == []
    assert form.text("model") == "gpt-image-1"


def test_several_files_under_one_name_or_under_its_list_spelling():
    files = [
        ("image[]", "a.png", "image/png", b"A"),
        ("mask", "m.png", "image/png", b"M"),
        ("image[]", "b.png", "image/png", b"B"),
        ("image", "c.png", "image/png", b"C"),
    ]
    form = read(write_form({"include[]": "logprobs"}, files))
    assert [form.read(part) for part in form.files("image")] == [b"A", b"B", b"C"]
    assert form.texts("include") == ["logprobs"]
    assert form.texts("timestamp_granularities") == []


def test_a_part_with_a_binary_type_and_no_file_name_is_a_file():
    form = read(write_form(None, [("file", None, "audio/wav", b"RIFF")]))
    assert form.files("file")[0].filename is None
    with pytest.raises(InvalidRequestError, match="must be text") as caught:
        form.text("file")
    assert caught.value.param == "file"


def test_a_text_part_may_say_its_type():
    form = read(write_form(None, [("model", None, "text/plain; charset=UTF-8", "mä".encode())]))
    assert form.text("model") == "mä"
    assert form.text_bytes == 3


def test_a_field_in_another_charset_is_refused():
    form = read(write_form(None, [("model", None, "text/plain; charset=gbk", b"\xc4\xe3")]))
    with pytest.raises(InvalidRequestError, match="'gbk'; send it in UTF-8"):
        form.text("model")


def test_a_scalar_field_that_comes_twice_is_refused_with_its_name():
    form = read(write_form({"model": "a"})[: -len(BOUNDARY) - 6] + write_form({"model": "b"}))
    with pytest.raises(InvalidRequestError, match="appears 2 times") as caught:
        form.text("model")
    assert caught.value.param == "model"
    assert form.texts("model") == ["a", "b"]


def test_a_field_that_is_no_utf8_is_refused_with_the_place():
    form = read(write_form(None, [("prompt", None, None, b"ok\xff")]))
    with pytest.raises(InvalidRequestError, match=r"byte 2 \(0xff\)"):
        form.text("prompt")


@pytest.mark.parametrize("ask", [Form.text, Form.texts])
def test_a_text_above_its_bound_is_refused_unread(ask: object):
    body = write_form({"prompt": "x" * (MAX_TEXT + 1)})
    call = make_upload(body, spooled=True)
    form = read_form(call)
    spool = call.upload
    assert isinstance(spool, MemorySpool)
    spool.reads.clear()
    with pytest.raises(InvalidRequestError, match=str(MAX_TEXT)):
        ask(form, "prompt")  # type: ignore[operator]
    assert spool.reads == []


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_without_edits_the_same_bytes_go_on(spooled: bool):
    body, kind = read_form(make_upload(BODY, spooled=spooled)).write({})
    assert join(body) == BODY
    assert kind == form_kind()


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
def test_edits_touch_only_their_fields(spooled: bool):
    form = read_form(make_upload(BODY, spooled=spooled))
    body, kind = form.write({"model": "vendor/model", "prompt": None, "n": "2"})
    assert join(body) == (
        BODY[: BODY.index(b"gpt-image-1")]
        + b"vendor/model\r\n"
        + BODY[BODY.index(b"--" + BOUNDARY, BODY.index(b"caf")) : BODY.rindex(b"--" + BOUNDARY)]
        + b'--%b\r\nContent-Disposition: form-data; name="n"\r\n\r\n2\r\n' % BOUNDARY
        + b"--%b--\r\n" % BOUNDARY
    )
    again = read(join(body), kind)
    assert again.text("model") == "vendor/model"
    assert again.text("n") == "2"
    assert not again.has("prompt")
    assert again.read(again.files("image")[0]) == PNG


def test_a_spooled_file_is_passed_on_as_a_slice():
    call = make_upload(BODY, spooled=True)
    body, _ = read_form(call).write({"model": "m"})
    assert isinstance(body, Segments)
    slices = [each for each in body.pieces if isinstance(each, Slice)]
    assert sum(each.length for each in slices) > len(PNG)
    assert all(each.spool is call.upload for each in slices)
    assert body.size == len(BODY) - len("gpt-image-1") + 1


def test_all_fields_of_a_name_are_set_as_one():
    body = write_form(
        None, [("n", None, None, b"1"), ("a", None, None, b"-"), ("n", None, None, b"2")]
    )
    form = read(join(read(body).write({"n": "3"})[0]))
    assert [(part.name, form.text(part.name)) for part in form.parts] == [("n", "3"), ("a", "-")]


def test_removing_everything_leaves_an_empty_form():
    body, kind = read(write_form({"a": "1", "b": "2"})).write({"a": None, "b": None})
    assert body == b"--%b--\r\n" % BOUNDARY
    assert read(join(body), kind).parts == ()


def test_a_value_that_holds_the_boundary_is_refused():
    with pytest.raises(InvalidRequestError, match="use another one"):
        read(BODY).write({"prompt": f"x\r\n--{BOUNDARY.decode()}--"})


def test_a_name_that_is_added_stays_inside_its_quotes():
    body, _ = read(BODY).write({'a"\r\nb': "1"})
    assert b'name="a%22%0D%0Ab"' in join(body)


def test_preamble_and_epilogue_go_on_as_they_came():
    body = b"This is a form.\r\n" + BODY + b"The end.\n"
    form = read(body)
    assert len(form.parts) == 3
    assert join(form.write({})[0]) == body
    changed = join(form.write({"model": "x"})[0])
    assert changed.startswith(b"This is a form.\r\n--")
    assert changed.endswith(b"--\r\nThe end.\n")


def test_blanks_behind_a_boundary_are_padding():
    body = BODY.replace(BOUNDARY + b"\r\n", BOUNDARY + b" \t\r\n").replace(b"--\r\n", b"-- \r\n")
    assert len(read(body).parts) == 3


def test_what_only_looks_like_the_boundary_is_content():
    content = b"--%b\r\nx--%b\r\n-%b\n--%b\r\n--%b" % (
        BOUNDARY[:-1],
        BOUNDARY,
        BOUNDARY,
        BOUNDARY[:-1],
        BOUNDARY[:3],
    )
    form = read(write_form(None, [("file", "f", None, content)]))
    assert form.read(form.parts[0]) == content


def test_a_digest_of_the_content_does_not_depend_on_the_boundary():
    fields, files = {"model": "m"}, [("file", "a.wav", "audio/wav", b"\0" * 700_000)]
    pieces = list(read(write_form(fields, files)).read_pieces())
    other = read(write_form(fields, files, b"zz"), form_kind(b"zz"))
    assert list(other.read_pieces()) == pieces
    assert max(map(len, pieces)) <= 256 * 1024
    renamed = read(write_form({"models": "m"}, files))
    assert list(renamed.read_pieces()) != pieces


# --- the Content-Type -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/form-data; boundary=" + BOUNDARY,
        b'Multipart/Form-Data;charset=utf-8; Boundary="' + BOUNDARY + b'"',
        b"multipart/form-data ;boundary=" + BOUNDARY + b" ;",
    ],
)
def test_spellings_of_the_content_type(kind: bytes):
    assert is_multipart({b"content-type": kind})
    assert read(BODY, kind).text("model") == "gpt-image-1"


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        (b"application/json", 415, "not 'application/json'"),
        (b"multipart/mixed; boundary=x", 415, "not 'multipart/mixed"),
        (b"application/x-www-form-urlencoded", 415, "multipart/form-data"),
        (b"multipart/form-data", 400, "has no boundary"),
        (b"multipart/form-data; boundary=", 400, "not well-formed"),
        (b'multipart/form-data; boundary=""', 400, "has no boundary"),
        (b"multipart/form-data; boundary=a; boundary=b", 400, "'boundary' twice"),
        (b"multipart/form-data; boundary=\xe9", 400, "printable ASCII"),
        (b"multipart/form-data; boundary=" + b"x" * 201, 400, "printable ASCII"),
        (b"multipart/form-data; boundary=other", 400, "'other'"),
        (b'multipart/form-data; boundary="open', 400, "not well-formed"),
    ],
)
def test_other_content_types_are_refused(kind: bytes, status: int, said: str):
    with pytest.raises(InvalidRequestError, match=said) as caught:
        read(BODY, kind)
    assert caught.value.status == status


def test_no_content_type_at_all_is_415():
    call = make_upload(BODY)
    call.headers = {}
    with pytest.raises(InvalidRequestError, match="names none") as caught:
        read_form(call)
    assert caught.value.status == 415


def test_a_form_read_of_a_spool_is_scanned_in_pieces():
    spool = MemorySpool(write_form(None, [("file", "f", None, b"x" * 3_000_000)]))
    form = read_form_of(spool, form_kind())
    assert max(spool.reads) <= 256 * 1024
    assert form.parts[0].length == 3_000_000
