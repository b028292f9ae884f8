import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.form_fields import plan_field_quirks
from nexhina.dialects.multipart import read_form
from nexhina.dialects.openai import OpenAIDialect, open_request
from nexhina.dialects.openai_videos import apply_quirks
from nexhina.dialects.quirk import Quirks, merge_quirks
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound
from support.pictures import make_form

SOURCE = "https://vendor.example/docs"


def make(**more: object) -> Quirks:
    return Quirks(since="2026-01", source=SOURCE, **more)  # pyright: ignore[reportArgumentType]


def test_quirks_apply_to_their_models_and_operations_only() -> None:
    quirks = make(models=("o1*", "x"), operations=("chat",))
    assert quirks.applies("chat", "o1-mini")
    assert not quirks.applies("chat", "gpt-4o")
    assert not quirks.applies("images", "o1-mini")
    assert make().applies("images", "anything")


def test_nothing_that_applies_is_none_and_one_is_itself() -> None:
    one = make(models=("a",))
    assert merge_quirks([one], "chat", "b") is None
    assert merge_quirks([one, make(models=("b",))], "chat", "a") is one


def test_several_are_merged_and_later_ones_win() -> None:
    first = make(refuse=frozenset({"a"}), rename={"x": "y"}, clamp={"n": (1, 2)})
    second = Quirks(
        drop=frozenset({"b"}),
        ours=frozenset({"c"}),
        rename={"x": "z"},
        clamp={"n": (1, 1)},
        no_stream_options=True,
        since="2026-05",
        source=SOURCE,
    )
    merged = merge_quirks([first, second], "chat", "m")
    assert merged is not None
    assert (merged.refuse, merged.drop, merged.ours) == ({"a"}, {"b"}, {"c"})
    assert merged.rename == {"x": "z"}
    assert merged.clamp == {"n": (1, 1)}
    assert merged.no_stream_options
    assert (merged.since, merged.source) == ("2026-05", SOURCE)


GIVEN = {"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6", "n": "9", "t": "0.5"}
EVERYTHING = make(
    drop=frozenset({"a"}),
    ours=frozenset({"b"}),
    rename={"c": "z", "d": "e", "n": "count"},
    clamp={"n": (1, 4), "t": (0.6, 1), "a": (7, 8), "f": (1, 6)},
)
CHANGED = {"z": "3", "e": "5", "f": "6", "count": "4", "t": "0.6"}
REPORTED = ("a", "d", "n", "t")
"""The film's fields, a form and JSON know the same quirks."""


def test_json_follows_quirks() -> None:
    body = {name: float(value) for name, value in GIVEN.items()}
    call = make_inbound({"model": "m", **body})
    peek = Peek(model="m", envelope=open_request(call))
    sent = OpenAIDialect().write_same(peek, call.body, "m", EVERYTHING)
    assert isinstance(sent.body, bytes)
    found = msgspec.json.decode(sent.body)
    assert found == {"model": "m", **{name: float(value) for name, value in CHANGED.items()}}
    assert sent.dropped == REPORTED


def test_a_form_follows_quirks() -> None:
    edits: dict[str, str | None] = {}
    dropped = plan_field_quirks(read_form(make_form(GIVEN, [])), "m", EVERYTHING, edits)
    left = {name: value for name, value in GIVEN.items() if name not in edits}
    assert left | {name: value for name, value in edits.items() if value is not None} == CHANGED
    assert dropped == REPORTED


def test_a_film_follows_quirks() -> None:
    fields: dict[str, object] = dict(GIVEN)
    assert apply_quirks(fields, "m", EVERYTHING) == REPORTED
    assert fields == CHANGED
    fields = {"seed": 9, "style": msgspec.Raw(b'"9"')}
    clamp = make(clamp={"seed": (0, 5), "style": (0, 5)})
    assert apply_quirks(fields, "m", clamp) == ("seed", "style")
    assert fields == {"seed": 5, "style": 5}


def test_what_is_refused_names_the_model_and_itself() -> None:
    refusing = make(refuse=frozenset({"a"}), drop=frozenset({"a"}))
    with pytest.raises(InvalidRequestError, match="'a' is not taken by the model 'm'") as told:
        apply_quirks({"a": 1}, "m", refusing)
    assert told.value.param == "a"
    call = make_inbound({"model": "m", "a": None})
    peek = Peek(model="m", envelope=open_request(call))
    sent = OpenAIDialect().write_same(peek, call.body, "m", refusing)
    assert isinstance(sent.body, bytes)
    assert msgspec.json.decode(sent.body) == {"model": "m"}
