"""Forms of any shape: read alike however they arrive, written back byte for byte."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.multipart import begin_scan, read_form_of
from nexhina.errors import InvalidRequestError
from support.form import MemorySpool, form_kind, join

_B = b"b0"
_KIND = form_kind(_B)
# Mostly what could be taken for framing.
_shards = st.sampled_from([b"\r\n", b"--", b"b0", b"\r", b"\n", b"-", b"b", b" ", b"x", b"\xff"])
_content = (
    st.lists(_shards, max_size=12)
    .map(b"".join)
    .filter(lambda text: b"\r\n--b0" not in b"\r\n" + text)
)
_names = st.sampled_from(["model", "prompt", "image", "image[]", "n"])
_fields = st.lists(st.tuples(_names, st.sampled_from([None, "a.png"]), _content), max_size=6)


def _write(fields: list[tuple[str, str | None, bytes]], around: tuple[bytes, bytes]) -> bytes:
    out = around[0] + b"\r\n" if around[0] else b""
    for name, filename, content in fields:
        out += b'--b0\r\nContent-Disposition: form-data; name="%b"' % name.encode()
        out += b'; filename="%b"' % filename.encode() if filename else b""
        out += b"\r\n\r\n%b\r\n" % content
    return out + b"--b0--" + (b"\r\n" + around[1] if around[1] else b"")


_around = st.tuples(_content, _content)


@given(_fields, _around, st.lists(st.integers(0, 400), max_size=8))
def test_however_it_arrives_the_form_is_the_same(
    fields: list[tuple[str, str | None, bytes]], around: tuple[bytes, bytes], cuts: list[int]
):
    body = _write(fields, around)
    form = read_form_of(body, _KIND)
    assert [(p.name, p.filename, form.read(p)) for p in form.parts] == fields
    scan = begin_scan(_KIND)
    at = 0
    for cut in [*sorted(cuts), len(body)]:
        scan.feed(body[at:cut])
        at = max(at, min(cut, len(body)))
    scan.finish()
    assert tuple(scan.parts) == form.parts
    assert read_form_of(MemorySpool(body), _KIND).parts == form.parts


@given(_fields, _around)
def test_without_edits_every_byte_stays(
    fields: list[tuple[str, str | None, bytes]], around: tuple[bytes, bytes]
):
    body = _write(fields, around)
    assert join(read_form_of(body, _KIND).write({})[0]) == body
    assert join(read_form_of(MemorySpool(body), _KIND).write({})[0]) == body


@given(
    _fields,
    _around,
    st.dictionaries(_names | st.just("new"), st.none() | st.sampled_from(["", "v", "ä\r\n-"])),
)
def test_edits_change_their_fields_and_nothing_else(
    fields: list[tuple[str, str | None, bytes]],
    around: tuple[bytes, bytes],
    edits: dict[str, str | None],
):
    body = _write(fields, around)
    written, kind = read_form_of(MemorySpool(body), _KIND).write(edits)
    assert join(written) == join(read_form_of(body, _KIND).write(edits)[0])
    form = read_form_of(join(written), kind)
    others = [(n, f, c) for n, f, c in fields if n not in edits]
    assert [(p.name, p.filename, form.read(p)) for p in form.parts if p.name not in edits] == others
    for name, value in edits.items():
        found = [form.read(p) for p in form.parts if p.name == name]
        assert found == ([] if value is None else [value.encode()])


@settings(max_examples=300)
@given(
    st.lists(
        _shards | st.just(b'--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\n'), max_size=30
    ).map(b"".join),
    st.integers(1, 9),
)
def test_any_bytes_are_read_or_refused_alike_in_any_pieces(body: bytes, step: int):
    try:
        whole = read_form_of(body, _KIND).parts
    except InvalidRequestError:
        whole = None
    scan = begin_scan(_KIND)
    try:
        for at in range(0, len(body), step):
            scan.feed(body[at : at + step])
        scan.finish()
        pieces = tuple(scan.parts)
    except InvalidRequestError:
        pieces = None
    assert pieces == whole
