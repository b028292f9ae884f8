"""A server of S3's protocol, as far as media need it: objects, uploads in parts, ranges, lists.

It checks no signature.
"""

import os
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import obstore.store

from nexhina.blobs.objects import ObjectShelf

REAL_STORE = os.environ.get("NEXHINA_TEST_S3", "")
"""An address like s3://bucket/prefix: tests of shelves run against it too, by the AWS_… variables."""

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_KEY = re.compile(rb"<Key>([^<]+)</Key>")


class StoreServer(ThreadingHTTPServer):
    """Buckets in memory. Paths begin with the bucket, which exists when somebody names it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}  # parts by the upload's id
        self.paths: dict[str, str] = {}  # of uploads
        self.broken = False  # it answers 403 to everything

    def open(self) -> ObjectShelf:
        """A shelf in it."""
        store = obstore.store.S3Store(
            "media",
            prefix="nexhina",
            endpoint=f"http://127.0.0.1:{self.server_port}",
            region="us-east-1",
            access_key_id="key",
            secret_access_key="secret",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        return ObjectShelf(store, "a server in memory")


@contextmanager
def run_object_store() -> Generator[StoreServer]:
    """A server that runs."""
    server = StoreServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StoreServer  # pyright: ignore[reportIncompatibleVariableOverride]  (nothing replaces it)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its base's name)
        """Nothing: the tests look at the shelf."""

    def do_GET(self) -> None:
        path, query = self._read()
        if "list-type" in query:
            bucket, prefix = path, query.get("prefix", [""])[0]
            stamp = "2023-11-14T22:13:20.000Z"
            found = "".join(
                f"<Contents><Key>{key.removeprefix(f'{bucket}/')}</Key><LastModified>{stamp}"
                f'</LastModified><ETag>"e"</ETag><Size>{len(data)}</Size></Contents>'
                for key, data in sorted(self.server.objects.items())
                if key.startswith(f"{bucket}/{prefix}")
            )
            self._answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())
            return
        data = self.server.objects.get(path)
        if data is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        span = _RANGE.fullmatch(self.headers.get("range", ""))
        first, last = (int(span[1]), int(span[2])) if span else (0, len(data) - 1)
        part = data[first : last + 1]
        where = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        self._answer(206 if span else 200, part, {"content-range": where} if span else {})

    def do_PUT(self) -> None:
        path, query = self._read()
        if "uploadId" in query:
            parts = self.server.uploads[query["uploadId"][0]]
            parts[int(query["partNumber"][0])] = self.body
        else:
            self.server.objects[path] = self.body
        self._answer(200, b"")

    def do_POST(self) -> None:
        path, query = self._read()
        if "uploads" in query:
            number = f"upload-{len(self.server.paths)}"
            self.server.uploads[number], self.server.paths[number] = {}, path
            text = f"<UploadId>{number}</UploadId>"
            text = f"<InitiateMultipartUploadResult>{text}</InitiateMultipartUploadResult>"
            self._answer(200, text.encode())
        elif "delete" in query:
            keys = [key.decode() for key in _KEY.findall(self.body)]
            for key in keys:
                self.server.objects.pop(f"{path}/{key}", None)
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())
        else:
            number = query["uploadId"][0]
            parts = self.server.uploads.pop(number)
            self.server.objects[path] = b"".join(parts[each] for each in sorted(parts))
            text = '<ETag>"e"</ETag>'
            text = f"<CompleteMultipartUploadResult>{text}</CompleteMultipartUploadResult>"
            self._answer(200, text.encode())

    def do_DELETE(self) -> None:
        path, query = self._read()
        if "uploadId" in query:
            self.server.uploads.pop(query["uploadId"][0], None)
        else:
            self.server.objects.pop(path, None)
        self._answer(204, b"")

    # --- inside -----------------------------------------------------------------------------------

    def _read(self) -> tuple[str, dict[str, list[str]]]:
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        return unquote(parts.path).strip("/"), parse_qs(parts.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        if self.server.broken:
            status, body = 403, b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(status)
        headers = {"etag": '"e"', "last-modified": formatdate(1_700_000_000, usegmt=True)}
        headers["content-length"] = str(len(body))
        for name, value in {**headers, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
