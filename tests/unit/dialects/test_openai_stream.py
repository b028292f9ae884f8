from typing import Any

import msgspec
import pytest

from nexhina.dialects import sse
from nexhina.dialects.openai_stream import ChatWatch
from nexhina.domain.usage import Usage

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> bytes:
    body: dict[str, Any] = {"id": "c-1", "object": "chat.completion.chunk", "model": "up"}
    body["choices"] = [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    return b"data: " + msgspec.json.encode({**body, **more}) + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk(finish="stop")
LONE = chunk(usage=USAGE).replace(b'[{"index":0,"delta":{},"finish_reason":null}]', b"[]")


def text(content: str) -> bytes:
    return chunk({"content": content})


def watch(public: str = "up", *, asked: bool = False) -> ChatWatch:
    return ChatWatch("up", public, include_usage=asked)


def test_whole_events_pass_at_once_and_unchanged() -> None:
    watched = watch()
    for event in (ROLE, text("Hel"), text("lo"), b": ping\n\n", STOP):
        assert watched.feed(event) is event
    assert watched.content
    assert watched.text_bytes == 5
    assert not watched.ended


def test_content_begins_with_content_not_with_the_role() -> None:
    watched = watch()
    watched.feed(b": wait\n\n")
    watched.feed(ROLE)
    assert not watched.content
    watched.feed(text("x"))
    assert watched.content


@pytest.mark.parametrize(
    ("delta", "size"),
    [
        ({"content": "né"}, 3),
        ({"refusal": "no"}, 2),
        ({"reasoning_content": "hm"}, 2),
        ({"reasoning": "hm"}, 2),
        ({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ""}}]}, 0),
        ({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}, {"index": 1}]}, 2),
        ({"function_call": {"arguments": "{}"}}, 2),
        ({"audio": {"data": "xx"}}, 0),
        ({"content": "a", "reasoning_content": "b"}, 2),
        ({"content": [{"type": "text", "text": "abc"}]}, 3),
    ],
)
def test_every_kind_of_content_is_seen_and_measured(delta: Any, size: int) -> None:
    watched = watch()
    event = chunk(delta)
    assert watched.feed(event) == event
    assert watched.content
    assert watched.text_bytes == size


def test_usage_that_was_asked_for_passes() -> None:
    watched = watch(asked=True)
    assert watched.feed(LONE) == LONE
    assert watched.usage == Usage(input=5, output=3)


def test_usage_that_was_not_asked_for_is_noted_and_cut_out() -> None:
    watched = watch()
    first = text("a")
    assert watched.feed(first + STOP + LONE) == first + STOP
    assert watched.usage == Usage(input=5, output=3)
    assert watched.feed(LONE) == b""


def test_usage_beside_content_stays_and_the_last_one_counts() -> None:
    watched = watch()
    event = chunk({"content": "a"}, usage=USAGE)
    assert watched.feed(event) == event
    last = chunk(finish="stop", usage={"prompt_tokens": 5, "completion_tokens": 9})
    assert watched.feed(last) == last
    assert watched.usage == Usage(input=5, output=9)
    watched.feed(chunk({"content": "b"}, usage={"prompt_tokens": 0, "completion_tokens": 0}))
    assert watched.usage == Usage(input=5, output=9)


def test_usage_with_odd_types_is_still_read_and_cut() -> None:
    watched = watch()
    odd = LONE.replace(b'"prompt_tokens":5', b'"prompt_tokens":5.0')
    assert watched.feed(text("a") + odd) == text("a")
    assert watched.usage == Usage(input=5, output=3)
    assert watch(asked=True).feed(odd) == odd


def test_the_end_mark_is_held_back_and_what_follows_it_dropped() -> None:
    watched = watch()
    assert watched.feed(STOP + DONE + text("more")) == STOP
    assert watched.ended
    assert watched.tail == DONE
    assert watched.feed(text("more")) == b""
    assert watched.finish(clean=True) == DONE


def test_a_clean_end_after_a_finish_reason_gets_the_end_mark_that_was_missing() -> None:
    watched = watch()
    watched.feed(text("a") + STOP)
    assert watched.finish(clean=True) == DONE
    assert watched.ended


@pytest.mark.parametrize(("clean", "last"), [(True, text("a")), (False, STOP)])
def test_a_stream_that_just_stops_has_not_ended(clean: bool, last: bytes) -> None:
    watched = watch()
    watched.feed(last)
    assert watched.finish(clean=clean) == b""
    assert not watched.ended


@pytest.mark.parametrize(
    "mark", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r\n", b"data:[DONE]"]
)
def test_an_end_mark_without_its_empty_line_counts_at_a_clean_end(mark: bytes) -> None:
    watched = watch()
    watched.feed(text("a") + mark)
    assert not watched.ended
    tail = watched.finish(clean=True)
    assert tail == mark.rstrip() + b"\n\n"
    assert watched.ended


def test_a_last_event_without_its_empty_line_is_passed_before_the_end_mark() -> None:
    watched = watch()
    assert watched.feed(text("a") + STOP.rstrip()) == text("a")
    assert watched.finish(clean=True) == STOP + DONE
    cut = watch()
    cut.feed(STOP + LONE.rstrip())
    assert cut.finish(clean=True) == DONE
    assert cut.usage is not None


def test_a_cut_event_is_kept_back_and_never_passed() -> None:
    watched = watch()
    assert watched.feed(text("a") + STOP[:40]) == text("a")
    assert watched.feed(STOP[40:]) == STOP
    watched.feed(STOP[:40])
    assert watched.finish(clean=False) == b""
    broken = watch()
    broken.feed(STOP[:40])
    assert broken.finish(clean=True) == b""
    assert broken.error is not None
    assert not broken.ended


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"Overloaded","code":"x"}}\n\n',
        b'data: {"error":"Overloaded"}\n\n',
        b'event: error\ndata: {"message":"Overloaded"}\n\n',
        b'data: {"error":{"message":"Overloaded"},"choices":[{"delta":{"content":5}}]}\n\n',
    ],
)
def test_a_vendors_error_event_ends_the_stream_and_is_not_passed(event: bytes) -> None:
    watched = watch()
    assert watched.feed(text("a") + event + text("b") + DONE) == text("a")
    assert watched.error is not None
    assert watched.error.message == "Overloaded"
    assert watched.feed(DONE) == b""
    assert watched.finish(clean=True) == b""
    assert not watched.ended


def test_an_error_without_words_has_some() -> None:
    watched = watch()
    watched.feed(b'data: {"error":{"code":500}}\n\n')
    assert watched.error is not None
    assert watched.error.message
    assert watched.error.code == "500"


@pytest.mark.parametrize(
    "event", [b"data: not json\n\n", b"data: 5\n\n", b'data: {"choices":5}\n\n', b"data: {\xff\n\n"]
)
def test_an_event_that_is_no_chunk_is_an_error(event: bytes) -> None:
    watched = watch()
    assert watched.feed(event) == b""
    assert watched.error is not None


def test_unknown_events_and_fields_pass() -> None:
    watched = watch()
    for event in (b'data: {"foo":1}\n\n', b"data:\n\n", b"id: 5\n\n", b"\n\n"):
        assert watched.feed(event) == event
    assert not watched.content


def test_an_event_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 100)
    watched = watch()
    assert watched.feed(b"data: " + b"x" * 200) == b""
    assert watched.error is not None
    assert "MiB" in watched.error.message


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_pass_unchanged(end: str) -> None:
    raw = (text("a") + text("b") + LONE + STOP + DONE).replace(b"\n", end.encode())
    watched = watch()
    expected = (text("a") + text("b") + STOP).replace(b"\n", end.encode())
    assert watched.feed(raw) == expected
    assert watched.tail == DONE.replace(b"\n", end.encode())
    assert watched.text_bytes == 2


def test_mixed_line_ends_and_lines_of_one_event_are_understood() -> None:
    raw = b'data: {"choices":\ndata: [{"delta":{"content":"abc"}}]}\n\r\n'
    crlf = text("d").replace(b"\n", b"\r\n")
    watched = watch()
    assert watched.feed(raw + crlf) == raw + crlf
    assert watched.text_bytes == 4


def test_a_byte_order_mark_is_passed_over() -> None:
    watched = watch()
    event = b"\xef\xbb\xbf" + text("abc")
    assert watched.feed(event) == event
    assert watched.text_bytes == 3


# --- the known form ---------------------------------------------------------------------------


def test_events_of_a_known_form_are_measured_like_parsed_ones() -> None:
    contents = ["a", "né", '"', "\\", "\n", '","x":"', "", " long words ", "data: x"]
    watched = watch()
    for content in contents:
        assert watched.feed(text(content)) == text(content)
    assert watched.text_bytes == sum(len(content.encode()) for content in contents)


def test_what_looks_like_the_known_form_but_says_more_is_parsed() -> None:
    watched = watch()
    watched.feed(text("a") + text("b"))
    assert watched.feed(chunk({"content": "c", "refusal": "dd"})) != b""
    assert watched.feed(chunk({"content": "e"}, usage=USAGE)) != b""
    assert watched.feed(chunk({"content": "f"}, finish="stop")) != b""
    assert watched.text_bytes == 7
    assert watched.usage is not None
    assert watched.finish(clean=True) == DONE


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_known_form_with_another_line_behind_it_is_parsed(end: bytes) -> None:
    known = text("a").replace(b"\n", end)
    watched = watch()
    watched.feed(known + known)
    more = known.removesuffix(end) + b'data: {"error":"x"}' + end + end
    assert watched.feed(more) == b""
    assert watched.error is not None
    assert watched.text_bytes == 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("public", ["up", "pub"])
def test_many_events_of_a_known_form_in_one_read_are_measured_together(
    public: str, end: bytes
) -> None:
    def ended(raw: bytes) -> bytes:
        return raw.replace(b"\n", end)

    watched = watch(public)
    watched.feed(ended(text("a")))
    burst = b"".join(map(text, ["b", "", "né", "four"]))
    renamed = burst.replace(b'"up"', f'"{public}"'.encode())
    assert watched.feed(ended(burst)) == ended(renamed)
    assert watched.text_bytes == 1 + 1 + 3 + 4
    mixed = text("b") + chunk({"content": "c"}, finish="stop") + text("d")
    assert watched.feed(ended(mixed)) == ended(mixed.replace(b'"up"', f'"{public}"'.encode()))
    assert watched.text_bytes == 12
    assert watched.finish(clean=True) == DONE


def test_a_head_and_an_ending_that_overlap_are_no_event() -> None:
    watched = watch()
    event = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
    watched.feed(event)
    short = event.replace(b'"a"', b'"')
    assert watched.feed(short) == b""
    assert watched.error is not None


def padded(content: str, pad: str) -> bytes:
    return text(content)[:-3] + b',"obfuscation":"' + pad.encode() + b'"}\n\n'


def test_padding_that_differs_does_not_hide_the_form() -> None:
    watched = watch("pub")
    events = [padded("a", "xyz"), padded("bc", "q"), padded("d", ""), padded("e", 'q\\"')]
    for event in events:
        assert watched.feed(event) == event.replace(b'"up"', b'"pub"')
    more = padded("f", "q")[:-3] + b',"usage":%b}\n\n' % msgspec.json.encode(USAGE)
    assert watched.feed(more) == more.replace(b'"up"', b'"pub"')
    assert watched.usage is not None
    assert watched.text_bytes == 6


def test_a_stream_whose_events_have_no_common_form_is_still_right() -> None:
    watched = watch("pub")
    for index in range(20):
        event = chunk({"content": "ab"}, created=index)
        event = event.replace(b'"id":"c-1"', b'"id":"c-%d"' % index)
        assert watched.feed(event) == event.replace(b'"up"', b'"pub"')
    assert watched.text_bytes == 40


def test_two_contents_in_one_event_are_no_form() -> None:
    event = b'data: {"x":{"content":"zz"},"choices":[{"delta":{"content":"zz"}}]}\n\n'
    watched = watch()
    watched.feed(event)
    watched.feed(event.replace(b'a":{"content":"zz"', b'a":{"content":"yyy"'))
    assert watched.text_bytes == 5


def test_content_spelled_with_blanks_is_no_form() -> None:
    event = b'data: {"choices": [{"delta": {"content": "zz"}}]}\n\n'
    watched = watch()
    for _ in range(6):
        assert watched.feed(event) == event
    assert watched.text_bytes == 12


def test_a_choice_without_a_delta_adds_nothing() -> None:
    event = b'data: {"choices":[{"index":0,"delta":null},{"index":1}]}\n\n'
    watched = watch()
    assert watched.feed(event) == event
    assert not watched.content


def test_a_finish_beside_fields_of_odd_types_is_seen() -> None:
    watched = watch()
    watched.feed(chunk({"content": []}, finish="stop"))
    assert watched.content
    assert watched.finish(clean=True) == DONE


def test_several_choices_are_measured_together() -> None:
    choices = [{"index": 0, "delta": {"content": "ab"}}, {"index": 1, "delta": {"content": "c"}}]
    event = b"data: " + msgspec.json.encode({"choices": choices}) + b"\n\n"
    watched = watch()
    watched.feed(event + event)
    assert watched.text_bytes == 6


# --- names --------------------------------------------------------------------------------------


def test_events_name_the_public_model() -> None:
    watched = watch("pub")
    raw = ROLE + text("a") + text("b") + LONE + STOP
    expected = (ROLE + text("a") + text("b") + STOP).replace(b'"up"', b'"pub"')
    assert watched.feed(raw) == expected
    assert watched.feed(b": ping\n\n") == b": ping\n\n"
    cut = text("c")
    assert watched.feed(cut[:20]) == b""
    assert watched.feed(cut[20:]) == cut.replace(b'"up"', b'"pub"')


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            b'data: {"x":{"model":"up"},"model":"up"}\n\n',
            b'data: {"x":{"model":"up"},"model":"pub"}\n\n',
        ),
        (b'data: {"choices":[],"model": "up"}\n\n', b'data: {"choices":[],"model": "pub"}\n\n'),
        (b'event: x\ndata: {"model":"up"}\n\n', b'event: x\ndata: {"model":"pub"}\n\n'),
        (b'data: {"model":"other"}\n\n', b'data: {"model":"other"}\n\n'),
        (b'data: {"x":\ndata: 1,"model":"up"}\r\r', b'data: {"x":\ndata: 1,"model":"pub"}\r\r'),
        (b"event: x\ndata: [\ndata: ]\n\n", b""),
        (
            b'event: x\ndata: {"model":"up",\ndata: "y":1}\n\n',
            b'event: x\ndata: {"model":"pub",\ndata: "y":1}\n\n',
        ),
        (
            b'event: x\rdata: {"model":"up",\rdata: "y":1}\r\r',
            b'event: x\ndata: {"model":"pub",\ndata: "y":1}\n\n',
        ),
    ],
)
def test_only_the_models_own_name_is_changed(event: bytes, expected: bytes) -> None:
    assert watch("pub").feed(event) == expected


def test_a_name_behind_the_content_is_changed_in_every_event() -> None:
    watched = watch("pub")
    for content in ("a", "b", "c"):
        event = (
            b'data: {"choices":[{"delta":{"content":"%b"}}],"model":"up"}\n\n' % content.encode()
        )
        assert watched.feed(event) == event.replace(b'"up"', b'"pub"')
