"""Answers of vendors, good and bad, each with what a client must make of it."""

import gzip
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`failure` None: the answer is whole, as given here. `eof`: the vendor closes after `wire`."""

    name: str
    wire: bytes
    status: int = 200
    body: bytes = b""
    reusable: bool = True
    eof: bool = False
    failure: str | None = None
    bare: bool = False  # the answer to HEAD
    header: tuple[bytes, bytes] | None = None


def _head(*lines: bytes, status: bytes = b"200 OK", version: bytes = b"1.1") -> bytes:
    return b"".join(
        [b"HTTP/%b %b\r\n" % (version, status), *[b"%b\r\n" % x for x in lines], b"\r\n"]
    )


_TEXT = b'{"object": "list"}' * 20
_GZIP = gzip.compress(_TEXT, mtime=0)
_ZLIB = zlib.compress(_TEXT)
_RAW_DEFLATE = _ZLIB[2:-4]
_CHUNKED = b"Transfer-Encoding: chunked"
_TWO = _head(b"Content-Length: 2") + b"ok"

WHOLE = [
    Case("a length", _TWO, body=b"ok"),
    Case("no reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", body=b"ok"),
    Case("an empty body", _head(b"Content-Length: 0")),
    Case("empty lines before", b"\r\n\r\n" + _TWO, body=b"ok"),
    Case("an empty header", _head(b"X-A:", b"Content-Length: 2") + b"ok", body=b"ok"),
    Case(
        "a repeated header",
        _head(b"X-A: 1", b"x-a: 2", b"Content-Length: 2") + b"ok",
        body=b"ok",
        header=(b"x-a", b"1, 2"),
    ),
    Case(
        "white space around values",
        _head(b"X-A: \t a b \t ", b"Transfer-Encoding: chunked ") + b"2\r\nok\r\n0\r\n\r\n",
        body=b"ok",
        header=(b"x-a", b"a b"),
    ),
    Case("chunks", _head(_CHUNKED) + b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", body=b"abc"),
    Case("a trailer", _head(_CHUNKED) + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", body=b"a"),
    Case("upper-case hex", _head(b"Transfer-Encoding: Chunked") + b"A\r\n0123456789\r\n0\r\n\r\n",
         body=b"0123456789"),
    Case("until the end", _head(b"Content-Type: a/b") + b"abc", body=b"abc", reusable=False, eof=True),
    Case("until the end, empty", _head(), reusable=False, eof=True),
    Case("close", _head(b"Connection: close", b"Content-Length: 2") + b"ok", body=b"ok",
         reusable=False),
    Case("an old server", _head(b"Content-Length: 2", version=b"1.0") + b"ok", body=b"ok",
         reusable=False),
    Case("an old server that stays",
         _head(b"Connection: keep-alive", b"Content-Length: 2", version=b"1.0") + b"ok",
         body=b"ok"),
    Case("interim answers",
         _head(status=b"100 Continue") + _head(b"Link: </a>", status=b"103 Early Hints") + _TWO,
         body=b"ok"),
    Case("no content", _head(b"X-A: 1", status=b"204 No Content"), status=204),
    Case("not modified", _head(b"Content-Length: 50", status=b"304 Not Modified"), status=304),
    Case("not modified, of something packed",
         _head(b"Content-Encoding: br", status=b"304 Not Modified"), status=304),
    Case("an answer to HEAD of something packed", _head(b"Content-Encoding: br"), bare=True,
         reusable=False),
    Case("an answer to HEAD", _head(b"Content-Length: 50"), bare=True, reusable=False),
    Case("an error status", _head(b"Content-Length: 2", status=b"429 Slow Down") + b"no",
         status=429, body=b"no"),
    Case("an offer to upgrade", _head(b"Upgrade: h2c", b"Connection: Upgrade", b"Content-Length: 2")
         + b"ok", body=b"ok"),
    Case("gzip with a length",
         _head(b"Content-Encoding: gzip", b"Content-Length: %d" % len(_GZIP)) + _GZIP, body=_TEXT),
    Case("gzip in chunks",
         _head(b"Content-Encoding: x-gzip", _CHUNKED)
         + b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (_GZIP[:5], len(_GZIP) - 5, _GZIP[5:]),
         body=_TEXT),
    Case("gzip until the end", _head(b"Content-Encoding: gzip") + _GZIP, body=_TEXT,
         reusable=False, eof=True),
    Case("deflate", _head(b"Content-Encoding: deflate", b"Content-Length: %d" % len(_ZLIB)) + _ZLIB,
         body=_TEXT),
    Case("bare deflate",
         _head(b"Content-Encoding: deflate", b"Content-Length: %d" % len(_RAW_DEFLATE))
         + _RAW_DEFLATE, body=_TEXT),
    Case("identity", _head(b"Content-Encoding: identity", b"Content-Length: 2") + b"ok", body=b"ok"),
    Case("gzip of nothing at all", _head(b"Content-Encoding: gzip", b"Content-Length: 0")),
]  # fmt: skip

SURPLUS = [
    Case("a second answer", _TWO + _head(b"Content-Length: 4") + b"evil", body=b"ok", reusable=False),
    Case("garbage after the end", _TWO + b"\x00\x01", body=b"ok", reusable=False),
    Case("a body after no content", _head(b"Content-Length: 4", status=b"204 No Content") + b"evil",
         status=204, reusable=False),
    Case("garbage after the last chunk", _head(_CHUNKED) + b"2\r\nok\r\n0\r\n\r\nevil", body=b"ok",
         reusable=False),
    Case("a body in the answer to HEAD", _head(b"Content-Length: 4") + b"evil", bare=True,
         reusable=False),
]  # fmt: skip

BROKEN = [
    Case("two lengths", _head(b"Content-Length: 2", b"Content-Length: 2") + b"ok", failure="protocol"),
    Case("a list of lengths", _head(b"Content-Length: 2, 2") + b"ok", failure="protocol"),
    Case("length and chunks", _head(b"Content-Length: 5", _CHUNKED) + b"0\r\n\r\n",
         failure="protocol"),
    Case("chunks and length", _head(_CHUNKED, b"Content-Length: 5") + b"0\r\n\r\n",
         failure="protocol"),
    Case("an empty length", _head(b"Content-Length:"), failure="protocol"),
    Case("a length with a sign", _head(b"Content-Length: +2") + b"ok", failure="protocol"),
    Case("chunks of chunks", _head(_CHUNKED, _CHUNKED) + b"0\r\n\r\n", failure="protocol"),
    Case("a zero byte in a header", _head(b"X-A: a\x00b", b"Content-Length: 0"),
         failure="protocol"),
    Case("a bare return in a header", _head(b"X-A: a\rb", b"Content-Length: 0"),
         failure="protocol"),
    Case("the refusal of a proxy",
         _head(b"Content-Length: 2", status=b"407 Proxy Authentication Required") + b"no",
         failure="connect"),
    Case("a negative length", _head(b"Content-Length: -2"), failure="protocol"),
    Case("an endless length", _head(b"Content-Length: 99999999999999999999999"),
         failure="protocol"),
    Case("an unknown transfer coding", _head(b"Transfer-Encoding: gzip") + b"x", failure="protocol"),
    Case("a coding before chunks", _head(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
         failure="protocol"),
    Case("a coding after chunks", _head(b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n",
         failure="protocol"),
    Case("a chunk size that is none", _head(_CHUNKED) + b"zz\r\nab\r\n0\r\n\r\n", failure="protocol"),
    Case("a chunk longer than said", _head(_CHUNKED) + b"1\r\nab\r\n0\r\n\r\n", failure="protocol"),
    Case("an endless chunk size", _head(_CHUNKED) + b"fffffffffffffffff\r\n", failure="protocol"),
    Case("bare line feeds", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", failure="protocol"),
    Case("a space before the colon", _head(b"X-A : 1", b"Content-Length: 2") + b"ok",
         failure="protocol"),
    Case("a folded header", _head(b"X-A: 1\r\n 2", b"Content-Length: 2") + b"ok",
         failure="protocol"),
    Case("another version", _head(b"Content-Length: 2", version=b"2.0") + b"ok", failure="protocol"),
    Case("a version before versions", _head(b"Content-Length: 2", version=b"0.9") + b"ok",
         failure="protocol"),
    Case("a status of two digits", _head(b"Content-Length: 2", status=b"20 OK"), failure="protocol"),
    Case("a status of zeros", _head(b"Content-Length: 2", status=b"000 OK"), failure="protocol"),
    Case("another protocol", _head(b"Upgrade: x", b"Connection: upgrade", status=b"101 Switching")
         + b"xyz", failure="protocol"),
    Case("another protocol, unnamed", _head(status=b"101 Switching"), failure="protocol"),
    Case("an interim answer with a length",
         _head(b"Content-Length: 5", status=b"103 Early Hints") + b"hello" + _TWO,
         failure="protocol"),
    Case("interim answers without end", _head(status=b"102 Processing") * 9 + _TWO,
         failure="protocol"),
    Case("too many headers", _head(*[b"X-%d: 1" % n for n in range(200)]) + b"", failure="protocol"),
    Case("a page", b"<!doctype html><html>", failure="protocol"),
    Case("not HTTP", b"\x15\x03\x01\x00\x02\x02", failure="protocol"),
    Case("an unknown content coding", _head(b"Content-Encoding: br", b"Content-Length: 2") + b"ok",
         failure="protocol"),
    Case("two content codings",
         _head(b"Content-Encoding: gzip, gzip", b"Content-Length: 2") + b"ok", failure="protocol"),
    Case("gzip that is none", _head(b"Content-Encoding: gzip", b"Content-Length: 2") + b"ok",
         failure="protocol"),
    Case("gzip cut short by its length",
         _head(b"Content-Encoding: gzip", b"Content-Length: 12") + _GZIP[:12], failure="protocol"),
    Case("gzip that goes on",
         _head(b"Content-Encoding: gzip", b"Content-Length: %d" % (len(_GZIP) + 3)) + _GZIP + b"abc",
         failure="protocol"),
    Case("nothing", b"", eof=True, failure="closed"),
    Case("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", eof=True, failure="closed"),
    Case("less than the length", _head(b"Content-Length: 5") + b"abc", eof=True, failure="closed"),
    Case("no last chunk", _head(_CHUNKED) + b"3\r\nabc\r\n", eof=True, failure="closed"),
    Case("only an interim answer", _head(status=b"100 Continue"), eof=True, failure="closed"),
    Case("gzip cut by the end", _head(b"Content-Encoding: gzip") + _GZIP[:20], eof=True,
         failure="protocol"),
]  # fmt: skip

ALL = [*WHOLE, *SURPLUS, *BROKEN]
