"""What is sent ahead to a caller who may be gone; over sockets: tests/contract/test_half_closed.py."""

import socket

from nexhina.gateway.half_closed import FIRST, HalfClosed
from support.edge import MemoryTransport


def test_an_answer_that_went_ahead_in_part_is_not_sent_twice() -> None:
    transport = MemoryTransport()
    with socket.socket() as sock:
        half = HalfClosed(transport, sock)
        for _ in range(len(FIRST) + 3):
            half.ask(FIRST)
        assert transport.take() == FIRST
        half.send(b"HTTP/1.1 200 OK\r\n\r\n")
        half.send(b"HTTP/1.1 200 OK\r\n\r\n")
        assert transport.take() == b"200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"


def test_a_socket_that_is_closed_belongs_to_nobody() -> None:
    sock = socket.socket()
    half = HalfClosed(MemoryTransport(), sock)
    assert not half.is_gone()
    sock.close()
    assert half.is_gone()
