from nexhina.dialects.quirk import Quirks, merge_quirks

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
