"""Pictures cut out of an answer and put back: every other byte stays, every picture is the right one."""

import base64

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.image_payload import (
    CUT_FROM,
    KEPT,
    Given,
    cut_pictures,
    join_pictures,
    list_pictures,
)

BIG = base64.b64encode(bytes(range(256)) * 1800).decode()  # above CUT_FROM
pictures = st.fixed_dictionaries(
    {},
    optional={
        "b64_json": st.one_of(
            st.none(),
            st.sampled_from(["", "AAAA", "iVBORw0KGgo="]),
            st.integers(0, 9).map(lambda number: f"{number:04d}" + BIG),
        ),
        "url": st.one_of(st.none(), st.just("https://v.test/a.png")),
        "revised_prompt": st.sampled_from(["a boat", '"b64_json":"' + "A" * CUT_FROM, "\\"]),
    },
)


@given(st.lists(pictures, max_size=4), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_an_answer_is_cut_and_joined_without_a_change(
    items: list[dict[str, str]], pad: int
) -> None:
    body = msgspec.json.encode({"created": 1, "data": items, "usage": {"total_tokens": 3}})
    body = body.replace(b'"b64_json":"', b'"b64_json"' + b" " * pad + b":" + b" " * pad + b'"')
    short, cut = cut_pictures(body)
    large = [each["b64_json"] for each in items if len(each.get("b64_json") or "") >= CUT_FROM]
    assert [bytes(each).decode() for each in cut] == large
    assert msgspec.json.decode(short)["usage"] == {"total_tokens": 3}
    found = list_pictures(short, cut)
    for item, (url, data) in zip(items, found, strict=True):
        assert url == item.get("url")
        assert bytes(data).decode() == (item.get("b64_json") or "")
    for item in items:
        item.setdefault("b64_json", "")
    kept = [Given(base64=(data,)) for _, data in found]
    if all(item.get("b64_json") or item.get("url") or "b64_json" in item for item in items):
        whole = [each for each, (_, data) in zip(kept, found, strict=True) if data]
        if len(whole) == len(items):
            joined = msgspec.json.decode(join_pictures(short, kept))
            assert [each["b64_json"] for each in joined["data"]] == [
                each["b64_json"] for each in items
            ]
            assert not any("url" in each for each in joined["data"])
            links = [Given(url=f"http://h/{number}") for number in range(len(items))]
            linked = msgspec.json.decode(join_pictures(short, links))
            assert [each["url"] for each in linked["data"]] == [each.url for each in links]
            assert not any("b64_json" in each for each in linked["data"])
            assert linked["usage"] == joined["usage"] == {"total_tokens": 3}


def test_what_stays_in_a_pictures_place_is_its_beginning() -> None:
    body = msgspec.json.encode({"data": [{"b64_json": "iVBORw0K" + BIG}]})
    short, (cut,) = cut_pictures(body)
    assert len(short) < KEPT + 100
    assert msgspec.json.decode(short)["data"][0]["b64_json"] == bytes(cut[:KEPT]).decode()


def test_base64_with_escapes_is_read_by_the_parser() -> None:
    text = BIG.replace("A", "/", 1)
    body = b'{"data":[{"b64_json":"' + text.replace("/", "\\/").encode() + b'"}]}'
    short, cut = cut_pictures(body)
    assert (short, cut) == (body, ())
    ((url, data),) = list_pictures(short, cut)
    assert (url, bytes(data).decode()) == (None, text)


def test_a_data_url_is_base64_in_either_member() -> None:
    body = (
        b'{"data":[{"url":"data:image/png;base64,AAAA"},{"b64_json":"data:image/png;base64,BBBB"}]}'
    )
    assert [(url, bytes(data)) for url, data in list_pictures(body, ())] == [
        (None, b"AAAA"),
        (None, b"BBBB"),
    ]
