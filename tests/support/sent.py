"""What a dialect wrote, where it is known to be whole in memory."""

from nexhina.ports import Body, Segments


def whole(body: Body) -> bytes:
    """The bytes of a body that is no upload."""
    assert not isinstance(body, Segments)
    return bytes(body)
