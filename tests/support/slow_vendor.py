"""A vendor of image edits in a thread of its own, which reads uploads in small sips."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256

ANSWER = (
    b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}],"usage":{"input_tokens":10,'
    b'"output_tokens":20,"total_tokens":30,'
    b'"input_tokens_details":{"text_tokens":4,"image_tokens":6}}}'
)


class SlowVendor:
    """Waits for `begin`, then takes each body at about `rate` bytes a second."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.begin = threading.Event()
        self.digests: list[str] = []
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        # Small buffers: what a vendor has not taken stays on our side.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                if not (piece := connection.recv(4096)):
                    return
                data += piece
            head, _, rest = data.partition(b"\r\n\r\n")
            self.heads.append(head)
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self.begin.wait(60)
            digest, got = sha256(rest), len(rest)
            begun = time.monotonic()
            while got < size:
                if not (piece := connection.recv(64 * 1024)):
                    return
                digest.update(piece)
                got += len(piece)
                ahead = got / self.rate - (time.monotonic() - begun)
                if ahead > 0:
                    time.sleep(ahead)
            self.digests.append(digest.hexdigest())
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
            )


@contextmanager
def slow_vendor(rate: float) -> Generator[SlowVendor]:
    vendor = SlowVendor(rate)
    try:
        yield vendor
    finally:
        vendor.close()
