"""Splicing changes what it was told to; a duplicate key is found, whatever hides it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects import envelope as module
from nexhina.dialects.envelope import Edit, Envelope, locate, read_envelope, splice, splice_value
from nexhina.dialects.openai import rename_member
from nexhina.errors import InvalidRequestError

BLANKS = st.text(" \t\r\n", max_size=2)
KEYS = st.text(st.sampled_from('ab"\\é人/\n'), max_size=3)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-12, 12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from('ab"\\,:{}[] é'), max_size=6),
    st.just("data:" + "y" * 1500),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["url", "data", "model", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def spelled(draw: st.DrawFn, value: Any) -> str:
    """JSON of a value with blanks and escapes where they may be."""
    if isinstance(value, dict):
        parts = [
            draw(BLANKS)
            + draw(spelled(key))
            + draw(BLANKS)
            + ":"
            + draw(BLANKS)
            + draw(spelled(each))
            for key, each in value.items()
        ]
        return "{" + ",".join(parts) + draw(BLANKS) + "}"
    if isinstance(value, list):
        return "[" + ",".join(draw(BLANKS) + draw(spelled(each)) for each in value) + "]"
    text = msgspec.json.encode(value).decode()
    if isinstance(value, str) and value and value.isascii() and draw(st.booleans()):
        text = '"' + f"\\u{ord(value[0]):04x}" + msgspec.json.encode(value[1:]).decode()[1:]
    return text


Members = list[tuple[str, str, str]]  # key, its spelling, the value's spelling


@st.composite
def objects(draw: st.DrawFn) -> tuple[bytes, Members]:
    """A body, compact or not, and its members; keys may repeat."""
    compact = draw(st.booleans())
    members: Members = []
    for key in draw(st.lists(KEYS, min_size=1, max_size=5)):
        value = draw(VALUES)
        if compact:
            pair = msgspec.json.encode(key).decode(), msgspec.json.encode(value).decode()
        else:
            pair = draw(spelled(key)), draw(spelled(value))
        members.append((key, *pair))

    def blank() -> str:
        return "" if compact else draw(BLANKS)

    body = ",".join(
        blank() + name + blank() + ":" + blank() + value + blank() for _, name, value in members
    )
    return (blank() + "{" + body + "}" + blank()).encode(), members


@pytest.fixture(autouse=True, scope="module", params=["whole", "cut"])
def _cutting(request: pytest.FixtureRequest) -> Any:
    """Everything once as it is, and once with payloads cut out of bodies of any size."""
    before = module.CUT_FROM
    module.CUT_FROM = 0 if request.param == "cut" else before
    yield
    module.CUT_FROM = before


def read(body: bytes) -> Envelope | None:
    try:
        return read_envelope(body)
    except InvalidRequestError as error:
        assert "twice" in error.message
        return None


@settings(max_examples=300)
@given(objects())
def test_every_duplicate_key_is_found_and_no_other_body_is_refused(
    drawn: tuple[bytes, Members],
) -> None:
    body, members = drawn
    keys = [key for key, _, _ in members]
    found = read(body)
    assert (found is None) == (len(set(keys)) < len(keys))
    if found is not None:
        assert list(found.members) == keys
        assert list(locate(found)) == keys


@settings(max_examples=300)
@given(objects(), st.data())
def test_a_splice_changes_the_named_members_and_no_other_byte(
    drawn: tuple[bytes, Members], data: st.DataObject
) -> None:
    body, members = drawn
    found = read(body)
    if found is None:
        return
    key, name, value = data.draw(st.sampled_from(members))
    before = body[: _start(body, members, key)]
    changed = splice(found, body, {key: Edit(value=b"[1.10]")})
    assert changed == splice_value(found, body, key, b"[1.10]")
    assert changed.startswith(before)
    rest = body[len(before) :].removeprefix(value.encode())
    assert changed == before + b"[1.10]" + rest
    renamed = splice(found, body, {key: Edit(name="new")}, b'"add":0')
    back = msgspec.json.decode(renamed)
    expected = {
        ("new" if each == key else each): msgspec.json.decode(text) for each, _, text in members
    }
    assert back == {**expected, "add": 0}
    assert name.encode() in body


def _start(body: bytes, members: Members, key: str) -> int:
    """Where a member's value begins, by walking over the spellings."""
    position = body.index(b"{")
    for each, name, value in members:
        position = body.index(name.encode(), position) + len(name.encode())
        position = body.index(value.encode(), body.index(b":", position) + 1)
        if each == key:
            return position
        position += len(value.encode())
    raise AssertionError(key)


@settings(max_examples=300)
@given(objects(), st.data())
def test_dropping_members_leaves_the_others(
    drawn: tuple[bytes, Members], data: st.DataObject
) -> None:
    body, members = drawn
    found = read(body)
    if found is None:
        return
    gone = data.draw(
        st.sets(st.sampled_from([key for key, _, _ in members]), max_size=len(members) - 1)
    )
    out = splice(found, body, {key: Edit(remove=True) for key in gone})
    expected = {key: msgspec.json.decode(text) for key, _, text in members if key not in gone}
    assert msgspec.json.decode(out) == expected
    assert read_envelope(out).members.keys() == expected.keys()


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["a", "b", "choices"]), VALUES), st.booleans(), st.data())
def test_renaming_the_model_touches_nothing_else(
    rest: dict[str, Any], first: bool, data: st.DataObject
) -> None:
    named = {"model": data.draw(st.sampled_from(["up", "up2"]))}
    value = {**named, **rest} if first else {**rest, **named}
    body = data.draw(spelled(value)).encode()
    out = rename_member(body, "up", "pub")
    if named["model"] == "up":
        assert msgspec.json.decode(out) == {**value, "model": "pub"}
        assert len(body) - len(out) >= -1
    else:
        assert out is body
