"""A corpus of broken and hostile forms: each is refused with what is wrong and what would be right,
or read in the one way in which a vendor will read it too.
"""

import time

import pytest

from nexhina.dialects.multipart import Form, begin_scan, read_form, read_form_of
from nexhina.dialects.multipart_scan import MAX_HEADS, MAX_PART_HEAD, MAX_PARTS
from nexhina.errors import InvalidRequestError
from support.form import BOUNDARY, form_kind, make_upload, write_form

B = BOUNDARY
KIND = form_kind()
END = b"--%b--\r\n" % B
NAMED = b'Content-Disposition: form-data; name="a"'


def part(head: bytes, value: bytes = b"v") -> bytes:
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (B, head, value)


def read(body: bytes) -> Form:
    return read_form(make_upload(body))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "does not begin any line"),
    "no boundary in it": (b'{"model": "m"}', "does not begin any line"),
    "boundary in mid-line": (b"x--%b\r\n" % B, "does not begin any line"),
    "cut behind the first boundary": (b"--%b" % B, "does not begin any line"),
    "cut in a head": (b"--%b\r\nContent-Disp" % B, "head of a part"),
    "cut behind a head": (b"--%b\r\n%b\r\n\r\n" % (B, NAMED), "middle of a part 'a'"),
    "cut in a value": (part(NAMED)[:-3], "middle of a part 'a'"),
    "no closing boundary": (part(NAMED), "middle of a part 'a'"),
    "half a closing boundary": (part(NAMED) + END[:-3], "middle of a part 'a'"),
    "line feeds only": ((part(NAMED) + END).replace(b"\r\n", b"\n"), "end with LF"),
    "line feeds in a head": (part(NAMED + b"\nX: y") + END, "no header field"),
    "a carriage return in a head": (part(NAMED + b"\rX: y") + END, "no header field"),
    "NUL in a head": (part(NAMED + b"\r\nX: \0") + END, "no header field"),
    "a folded line": (part(NAMED + b";\r\n x=y") + END, "no header field"),
    "a blank before the colon": (part(NAMED + b"\r\nX : y") + END, "no header field"),
    "no head at all": (b"--%b\r\n\r\nv\r\n" % B + END, "no Content-Disposition"),
    "no disposition": (part(b"Content-Type: text/plain") + END, "no Content-Disposition"),
    "an attachment": (part(b'Content-Disposition: attachment; name="a"') + END, "'attachment'"),
    "no name": (part(b"Content-Disposition: form-data") + END, "has no name"),
    "an empty name": (part(b'Content-Disposition: form-data; name=""') + END, "has no name"),
    "only a file name": (
        part(b'Content-Disposition: form-data; filename="x.png"') + END,
        "has no name",
    ),
    "two names": (part(NAMED + b'; name="model"') + END, "'name' twice"),
    "two file names": (part(NAMED + b"; filename=a; FileName=b") + END, "'filename' twice"),
    "two dispositions": (part(NAMED + b"\r\n" + NAMED) + END, "two Content-Disposition"),
    "an open quote": (part(b'Content-Disposition: form-data; name="a') + END, "well-formed"),
    "text behind a quote": (
        part(b'Content-Disposition: form-data; name="a"b') + END,
        "well-formed",
    ),
    "a name that is no UTF-8": (
        part(b'Content-Disposition: form-data; name="a\xff"') + END,
        "printable characters of UTF-8",
    ),
    "a control character in a name": (
        part(b'Content-Disposition: form-data; name="a\x7f"') + END,
        "printable",
    ),
    "a name without end": (
        part(b'Content-Disposition: form-data; name="%b"' % (b"a" * 257)) + END,
        "at most 256",
    ),
    "base64": (part(NAMED + b"\r\nContent-Transfer-Encoding: base64") + END, "'base64'"),
    "an unknown charset": (part(NAMED + b"; filename*=utf-7''x") + END, r"filename\*"),
    "a broken extended name": (part(NAMED + b"; filename*=x.png") + END, r"filename\*"),
    "a head that is a bomb": (
        part(NAMED + b"\r\nX: " + b"y" * MAX_PART_HEAD) + END,
        "more than 16384",
    ),
    "a head of many lines": (
        part(NAMED + b"\r\nX-%d: y" * 40 % tuple(range(40))) + END,
        "41 header",
    ),
    "too many parts": (part(NAMED) * (MAX_PARTS + 1) + END, "more than 1000 parts"),
    "heads that are large together": (
        part(NAMED + b"\r\nX: " + b"y" * 16_000) * (MAX_HEADS // 16_000 + 1) + END,
        "together",
    ),
    "no line end before a boundary": (
        b"--%b\r\n%b\r\n\r\n--%b--\r\n" % (B, NAMED, B),
        "'a' has no line end",
    ),
    "a boundary line that goes on": (part(NAMED, b"v\r\n--%bx" % B) + END, "goes on with b'x"),
    "a boundary line with one hyphen": (part(NAMED, b"v\r\n--%b-" % B) + END, "goes on with"),
    "an end that goes on": (part(NAMED) + END[:-2] + b"x\r\n", "goes on with"),
    "padding without end": (part(NAMED, b"v\r\n--%b%b" % (B, b" " * 300)) + END, "goes on with"),
    "a part behind the end": (part(NAMED) + END + part(NAMED) + END, "behind its closing"),
    "the end twice": (part(NAMED) + END + END, "behind its closing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_broken_is_refused_with_the_cure(name: str):
    body, said = HOSTILE[name]
    with pytest.raises(InvalidRequestError, match=said) as caught:
        read(body)
    assert caught.value.status == 400
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("step", [1, 7, 64])
def test_in_small_pieces_the_same_is_refused(name: str, step: int):
    body, _ = HOSTILE[name]
    if len(body) > 40_000:
        step += 4096
    scan = begin_scan(KIND)
    with pytest.raises(InvalidRequestError) as caught:
        for at in range(0, len(body), step):
            scan.feed(body[at : at + step])
        scan.finish()
    with pytest.raises(InvalidRequestError) as whole:
        read(body)
    # Only how much of a line is quoted may depend on what has come of it.
    assert caught.value.message[:60] == whole.value.message[:60]


def test_the_most_parts_are_taken():
    assert len(read(part(NAMED) * MAX_PARTS + END).parts) == MAX_PARTS


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        (b'filename="cat.png"', "cat.png"),
        (b"filename=cat.png", "cat.png"),
        (b'filename="C:\\Users\\me\\cat.png"', "cat.png"),
        (b'filename="../../etc/passwd"', "passwd"),
        (b'filename="/etc/cron.d/"', ""),
        (b'filename=".."', ".."),
        (b'filename="a\\"b.png"', 'a"b.png'),
        (b'filename="a%22b.png"', "a%22b.png"),
        ('filename="猫.png"'.encode(), "猫.png"),
        (b'filename="\xff.png"', "\ufffd.png"),
        (b'filename="a;b=c.png"', "a;b=c.png"),
        (b'filename="a\x01b.png"', "ab.png"),
        (b'filename="' + b"x" * 300 + b'.png"', "x" * 251 + ".png"),
        (b'filename="=?utf-8?B?54yrLnBuZw==?="', "猫.png"),
        (b'filename="=?utf-8?Q?=E7=8C=AB.png?="', "猫.png"),
        (b'filename="=?no-such?B?54yr?="', "=?no-such?B?54yr?="),
        (b'filename="=?utf-8?B?x?="', "=?utf-8?B?x?="),
        (b"filename*=UTF-8''%e7%8c%ab.png", "猫.png"),
        (b"filename*=iso-8859-1'en'caf%e9.png", "café.png"),
        (b"filename*=utf-8''..%2F..%2Fx.png", "x.png"),
        (b"filename=\"old.png\"; filename*=utf-8''new.png", "new.png"),
        (b'filename=""', ""),
    ],
)
def test_spellings_of_a_file_name(spelled: bytes, name: str):
    form = read(part(NAMED + b"; " + spelled) + END)
    assert form.parts[0].filename == name
    assert form.parts[0].is_file


@pytest.mark.parametrize(
    "head",
    [
        b"CONTENT-DISPOSITION:form-data;name=a",
        b'content-disposition:  form-data ; name = "a" ; ',
        b'Content-Disposition: Form-Data; NAME="a"\r\nContent-Length: 1',
        b'Content-Disposition: form-data; size=1; name="a"\r\nContent-Transfer-Encoding: BINARY',
    ],
)
def test_spellings_of_a_head(head: bytes):
    assert read(part(head) + END).text("a") == "v"


def test_an_unfinished_end_line_is_enough():
    for tail in (b"", b"\r", b"\r\n", b" \t", b"\r\n\r\n", b"\r\nbye"):
        assert read(part(NAMED) + END[:-2] + tail).text("a") == "v"


def test_content_that_is_all_beginnings_of_a_boundary_takes_no_quadratic_time():
    content = (b"\r\n--" + B[:-1]) * (4_000_000 // len(B))
    body = write_form(None, [("file", "f", None, content)])
    begun = time.perf_counter()
    form = read_form_of(body, KIND)
    assert time.perf_counter() - begun < 2.0
    assert form.parts[0].length == len(content)


def test_a_scanner_keeps_no_values():
    scan = begin_scan(KIND)
    scan.feed(write_form(None, [("file", "f", None, b"")])[: -len(END) - 2])
    for _ in range(64):
        scan.feed(b"\r\n--" * 16_384)
    assert sum(len(getattr(scan, name)) for name in ("_rest",)) < 64
