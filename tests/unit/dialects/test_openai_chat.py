import base64
import json
from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.openai import read_head
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError, UnsupportedMediaTypeError
from support.inbound import JSON, make_chat, make_inbound
from support.sent import whole

CHAT = OpenAIChat()
B64 = base64.b64encode(bytes(range(256)) * 8).decode()
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}}
TEXT = {"type": "text", "text": "What is this?"}


def peek(body: Any, headers: dict[bytes, bytes] | None = None) -> Peek:
    return CHAT.peek(make_inbound(body, headers))


def refusal(body: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        peek(body)
    return caught.value


def parts(*content: Any, more: int = 0) -> dict[str, Any]:
    text = [{"role": "system", "content": "x" * more}] if more else []
    return {"model": "m", "messages": [*text, {"role": "user", "content": list(content)}]}


def test_a_request_is_peeked_at() -> None:
    body = make_chat(
        stream=True, stream_options={"include_usage": True}, max_tokens=5, n=2, temperature=1, x=[]
    )
    found = peek(body)
    assert (found.model, found.stream, found.n, found.max_tokens) == ("m", True, 2, 5)
    assert found.include_usage
    assert found.media_parts == 0
    assert found.text_bytes == len(msgspec.json.encode(body))
    assert found.envelope.members.keys() == body.keys()


def test_what_is_left_out_or_null_has_its_default() -> None:
    for more in ({}, {"stream": None, "n": None, "max_tokens": None, "stream_options": None}):
        found = peek(make_chat(**more))
        assert (found.stream, found.n, found.max_tokens) == (False, 1, None)
        assert not found.include_usage


def test_the_newer_name_of_the_output_limit_counts() -> None:
    assert peek(make_chat(max_tokens=5, max_completion_tokens=9)).max_tokens == 9


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "user"}, 5]}, "messages[1]"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": True}, "n"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 2**40}, "max_completion_tokens"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"stop": [1]}, "stop[0]"),
        ({"seed": 1.5}, "seed"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": 1}, "logprobs"),
        ({"tools": ["x"]}, "tools[0]"),
        ({"user": 5}, "user"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(more: dict[str, Any], param: str) -> None:
    error = refusal(make_chat(**more))
    assert error.param == param
    name = param.partition("[")[0].partition(".")[0]
    assert error.message.startswith(f"'{name}' must be ")
    assert msgspec.json.encode(more[name]).decode()[:60] in error.message
    assert (param == name) or f"`${param.removeprefix(name)}`" in error.message


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_parameter_is_named(missing: str) -> None:
    body = make_chat()
    del body[missing]
    error = refusal(body)
    assert error.param == missing
    assert "missing" in error.message


def test_unknown_parameters_and_roles_pass() -> None:
    body = make_chat(thinking={"x": 1}, top_k=-5)
    body["messages"].append({"role": "developer", "whatever": 1})
    assert peek(body).model == "m"


def test_another_content_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        peek(make_chat(), {b"content-type": b"text/plain"})


def test_bad_utf8_and_deep_nesting_are_400() -> None:
    error = refusal(b'{"model":"\xc3\x28","messages":[{}]}')
    assert "UTF-8" in error.message
    deep = b'{"model":"m","messages":[{}],"x":' + b"[" * 9000 + b"]" * 9000 + b"}"
    assert "nested" in refusal(deep).message


@pytest.mark.parametrize("more", [0, 40_000])
def test_inline_media_count_as_parts_and_not_as_text(more: int) -> None:
    audio = {"type": "input_audio", "input_audio": {"data": B64, "format": "wav"}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:x/y;base64,{B64}"}}
    body = parts(TEXT, IMAGE, audio, file, more=more)
    found = peek(body)
    assert found.media_parts == 3
    whole = len(msgspec.json.encode(body))
    assert more < found.text_bytes < whole - 3 * len(B64)
    assert CHAT.prompt_bytes(found, b"") == len("What is this?") + len("wava.pdf") + more - 3


@pytest.mark.parametrize("failure", [msgspec.DecodeError("no"), RecursionError("deep")])
def test_json_that_the_typed_pass_alone_can_not_read_is_400(failure: Exception) -> None:
    class Failing:
        def decode(self, text: bytes) -> Any:
            raise failure

    decoder: Any = Failing()
    with pytest.raises(InvalidRequestError, match=r"not valid JSON: (no|deep)"):
        read_head(read_envelope(b"{}"), decoder, msgspec.Struct)


def test_a_remote_image_is_a_part_too() -> None:
    found = peek(parts(TEXT, {"type": "image_url", "image_url": {"url": "https://x.example/a"}}))
    assert found.media_parts == 1


def test_a_part_of_unknown_type_counts_as_media_and_text_parts_do_not() -> None:
    assert peek(parts({"type": "hologram"}, {}, TEXT, {"type": "refusal"})).media_parts == 2
    assert peek(parts("just a string")).media_parts == 0
    assert peek(make_chat(stop=["[", "]"])).media_parts == 0


@pytest.mark.parametrize("size", [2_000, 40_000])
def test_text_in_disguise_counts_as_text(size: int) -> None:
    hidden = f"data:{'y' * size}"
    bodies = [
        # in a string, with quotes of its own
        parts({"type": "text", "text": f'"image_url":{{"url":"{hidden}"}}'}, IMAGE),
        # under a key that only ends like a media key
        parts({"type": "text", "text": "", 'x"url': hidden}, IMAGE),
        # in a text part
        parts({"type": "text", "text": hidden}, IMAGE),
        # under a media key, but there is no media part for it
        parts({"type": "text", "text": "", "url": hidden}),
        parts({"type": "text", "text": "", "url": hidden}, IMAGE),
        # outside the messages
        {**parts(IMAGE), "tools": [{"url": hidden}]},
        {"tools": [{"url": hidden}], **parts(IMAGE)},
    ]
    for body in bodies:
        assert peek(body).text_bytes >= size


def test_prompt_bytes_count_words_and_not_the_format() -> None:
    body = make_chat(tools=[{"type": "function", "function": {"name": "f", "description": "né"}}])
    body["messages"].append({"role": "assistant", "content": None, "tool_call_id": "call_1"})
    found = peek(body)
    assert CHAT.prompt_bytes(found, b"") == len("Hello") + 1 + 3


# --- the way out -------------------------------------------------------------------------------


def send(body: bytes, model: str = "m", quirks: Quirks | None = None) -> tuple[str, bytes, Any]:
    found = CHAT.write_same(peek(body), body, model, quirks)
    lane, out, dropped = found.lane, whole(found.body), found.dropped
    return lane, out, dropped


def make_quirks(**more: Any) -> Quirks:
    return Quirks(since="2026-01", source="https://vendor.example/docs", **more)


BODY = b'{"model":"m", "messages":[{"content":"\\u00e9 1.10"}],"temperature":1.10}'


def test_nothing_to_change_is_verbatim_the_same_object() -> None:
    found = CHAT.write_same(peek(BODY), BODY, "m", None)
    assert found.lane == "verbatim"
    assert found.body is BODY
    body = BODY.replace(b'{"m', b'{"stream":true,"stream_options":{"include_usage":true},"m')
    assert CHAT.write_same(peek(body), body, "m", make_quirks()).body is body


def test_another_model_name_changes_that_value_only() -> None:
    assert send(BODY, 'ü"x') == ("splice", BODY.replace(b'"m"', '"ü\\"x"'.encode()), ())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (b"", b',"stream_options":{"include_usage":true}}'),
        (b',"stream_options":null', b',"stream_options":{"include_usage":true}}'),
        (b',"stream_options":{}', b',"stream_options":{"include_usage":true}}'),
        (
            b',"stream_options": {"include_usage": false, "x":1.10}',
            b',"stream_options": {"include_usage": true, "x":1.10}}',
        ),
        (
            b',"stream_options":{"include_obfuscation":false}',
            b',"stream_options":{"include_obfuscation":false,"include_usage":true}}',
        ),
    ],
)
def test_a_stream_is_asked_for_usage_beside_the_callers_options(
    options: bytes, expected: bytes
) -> None:
    body = b'{"model":"m","messages":[{}],"stream":true%b}' % options
    lane, out, _ = send(body)
    assert lane == "splice"
    assert out == b'{"model":"m","messages":[{}],"stream":true' + expected
    assert send(body, quirks=make_quirks(no_stream_options=True))[0] == "verbatim"
    _, both, _ = send(body, "other")
    assert both == out.replace(b'"m"', b'"other"')


def test_quirks_drop_rename_clamp_and_report() -> None:
    body = b'{"model":"m","messages":[{}],"max_tokens":5,"n":3,"logit_bias":{},"format":"url"}'
    quirks = make_quirks(
        drop=frozenset({"logit_bias", "absent"}),
        ours=frozenset({"format"}),
        rename={"max_tokens": "max_completion_tokens", "gone": "x"},
        clamp={"n": (1, 1), "temperature": (0, 1)},
        refuse=frozenset({"logprobs"}),
    )
    lane, out, dropped = send(body, "up", quirks)
    assert lane == "splice"
    assert out == b'{"model":"up","messages":[{}],"max_completion_tokens":5,"n":1}'
    assert dropped == ("logit_bias", "n")


def test_a_number_within_its_bounds_or_no_number_is_not_clamped() -> None:
    quirks = make_quirks(clamp={"a": (0, 1), "b": (0, 1), "c": (0, 1), "d": (0.5, 1)})
    body = b'{"model":"m","messages":[{}],"a":0.5,"b":"x","c":null,"d":0}'
    assert send(body, quirks=quirks) == ("splice", body.replace(b'"d":0', b'"d":0.5'), ("d",))


def test_a_renamed_number_is_clamped_and_a_dropped_one_is_gone() -> None:
    quirks = make_quirks(
        rename={"max_tokens": "limit"},
        drop=frozenset({"n"}),
        clamp={"max_tokens": (1, 8), "n": (1, 1)},
    )
    body = b'{"model":"m","messages":[{}],"max_tokens":9,"n":5}'
    assert send(body, quirks=quirks)[1:] == (
        b'{"model":"m","messages":[{}],"limit":8}',
        ("max_tokens", "n"),
    )


def test_a_rename_never_makes_a_duplicate() -> None:
    quirks = make_quirks(rename={"max_tokens": "max_completion_tokens"})
    body = b'{"model":"m","messages":[{}],"max_tokens":5,"max_completion_tokens":6}'
    _, out, dropped = send(body, quirks=quirks)
    assert out == b'{"model":"m","messages":[{}],"max_completion_tokens":6}'
    assert dropped == ("max_tokens",)


def test_a_refused_parameter_is_400_and_null_is_not_using_it() -> None:
    quirks = make_quirks(refuse=frozenset({"logprobs"}))
    with pytest.raises(InvalidRequestError) as caught:
        send(b'{"model":"m","messages":[{}],"logprobs":true}', quirks=quirks)
    assert caught.value.param == "logprobs"
    out = send(b'{"model":"m","messages":[{}],"logprobs":null}', quirks=quirks)
    assert out == ("splice", b'{"model":"m","messages":[{}]}', ())


# --- the way back ------------------------------------------------------------------------------


def answer(message: Any, **more: Any) -> bytes:
    body = {"id": "1", "model": "up", "choices": [{"index": 0, "message": message}], **more}
    return msgspec.json.encode(body)


PEEK = peek(make_chat())


CALLS = [{"function": {"name": "f", "arguments": "{}"}}, {"function": None}]
WORDS = {"content": "né", "refusal": "no", "reasoning_content": "hm", "tool_calls": CALLS}


def test_usage_and_model_of_an_answer_are_read_and_its_text_is_not_counted() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    found = CHAT.read_answer(PEEK, JSON, answer(WORDS, usage=usage))
    assert found is not None
    assert found.usage == Usage(input=5, cached_input=4, output=2)
    assert (found.text_bytes, found.model) == (0, "up")


@pytest.mark.parametrize("more", [{}, {"usage": None}, {"usage": {"prompt_tokens": 0}}])
def test_text_and_model_of_an_answer_without_usage_are_read(more: dict[str, Any]) -> None:
    found = CHAT.read_answer(PEEK, JSON, answer(WORDS, **more))
    assert found is not None
    assert (found.usage, found.text_bytes, found.model) == (None, 3 + 2 + 2 + 2, "up")


def test_an_answer_without_usage_or_message_is_an_answer() -> None:
    found = CHAT.read_answer(PEEK, {}, answer(None))
    assert found is not None
    assert (found.usage, found.text_bytes) == (None, 0)


def test_content_of_a_vendors_own_shape_is_counted_too() -> None:
    message = {"content": [{"type": "text", "text": "abc"}]}
    for usage, expected in (
        ({"prompt_tokens": 2.0, "completion_tokens": 1.0}, (Usage(input=2, output=1), None, 0)),
        ({"prompt_tokens": 2.0}, (None, Usage(input=2), 3)),  # and nothing of the text
        (None, (None, None, 3)),
    ):
        found = CHAT.read_answer(PEEK, JSON, answer(message, usage=usage))
        assert found is not None
        assert (found.usage, found.counted, found.text_bytes) == expected


def test_long_messages_of_every_shape_are_checked_like_short_ones() -> None:
    long = "lorem {ipsum} " * 600
    plain = [{"role": "user", "content": long.replace("{", "").replace("}", "")}] * 2
    for spell in (msgspec.json.encode, lambda value: json.dumps(value).encode()):
        for messages in (plain, [*plain, {"role": "user", "content": "[}"}], [{"content": long}]):
            found = peek(spell({"model": "m", "messages": messages, "n": 2}))
            assert (found.model, found.n, found.media_parts) == ("m", 2, 0)
        for messages in ([*plain, 5], [5, *plain], [plain[0], "},{", plain[1]], [*plain, plain]):
            with pytest.raises(InvalidRequestError) as caught:
                peek(spell({"model": "m", "messages": messages}))
            place = next(at for at, each in enumerate(messages) if not isinstance(each, dict))
            assert caught.value.param == f"messages[{place}]"
        parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
        found = peek(spell({"model": "m", "messages": [*plain, {"content": parts}]}))
        assert found.media_parts == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({b"content-type": b"text/html"}, answer({})),
        ({b"content-type": b"text/event-stream"}, b"data: {}\n\n"),
        (JSON, b"<html></html>"),
        (JSON, b""),
        (JSON, b"[]"),
        (JSON, b"{}"),
        (JSON, b'{"choices":[]}'),
        (JSON, b'{"error":{"message":"x"}}'),
        (JSON, b'{"choices":[{"message":{"content":"\xff"}}]}'),
        (JSON, b'{"choices":[{"message":{}}]'),
        (JSON, b'{"choices":[{"message":{"content":[' + b"[" * 9000 + b"]" * 9000 + b"]}}]}"),
    ],
)
def test_a_200_that_is_no_chat_completion_is_no_answer(
    headers: dict[bytes, bytes], body: bytes
) -> None:
    assert CHAT.read_answer(PEEK, headers, body) is None


@pytest.mark.parametrize(
    "kind", [b"application/json; charset=utf-8", b"Application/JSON;x", b"text/json", b"a/b+json"]
)
def test_json_under_its_other_names_is_json(kind: bytes) -> None:
    assert CHAT.read_answer(PEEK, {b"content-type": kind}, answer({})) is not None


def test_a_stream_is_watched_as_it_was_asked_for() -> None:
    chunk = b'data: {"model":"up","choices":[],"usage":{"prompt_tokens":1}}\n\n'
    assert CHAT.watch(PEEK, "up", "pub").feed(chunk) == b""
    asked = peek(make_chat(stream=True, stream_options={"include_usage": True}))
    assert CHAT.watch(asked, "up", "pub").feed(chunk) == chunk.replace(b'"up"', b'"pub"')


def test_a_stream_is_known_by_its_content_type() -> None:
    assert CHAT.is_stream_head({b"content-type": b"Text/Event-Stream; charset=utf-8"})
    assert not CHAT.is_stream_head(JSON)
    assert not CHAT.is_stream_head({})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"id":"1","model":"up","x":1.10}', b'{"id":"1","model":"pub","x":1.10}'),
        (b'{"model":"up"}', b'{"model":"pub"}'),
        (b'{ "model" : "up" }', b'{ "model" : "pub" }'),
        (b'{"model":"\\u0075p"}', b'{"model":"pub"}'),
        (b'{"x":{"model":"up"},"model":"up"}', b'{"x":{"model":"up"},"model":"pub"}'),
        (b'{"x":[{"model":"up"}],"model":"up"}', b'{"x":[{"model":"up"}],"model":"pub"}'),
        (
            b'{"x":"\\",\\"model\\":\\"up\\"","model":"up"}',
            b'{"x":"\\",\\"model\\":\\"up\\"","model":"pub"}',
        ),
    ],
)
def test_an_answer_names_the_public_model_and_nothing_else_changes(
    body: bytes, expected: bytes
) -> None:
    assert CHAT.write_answer(PEEK, body, "up", "pub") == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"up-2"}',
        b'{"model":5}',
        b'{"x":{"model":"up"}}',
        b'{"x":{"model":"up"},"model":"other"}',
        b"not json",
        b'{"x":[],"model":"up","model":"up"}',
    ],
)
def test_an_answer_of_another_model_stays(body: bytes) -> None:
    assert CHAT.write_answer(PEEK, body, "up", "pub") is body


def test_the_same_name_on_both_sides_touches_nothing() -> None:
    body = b'{"model":"up"}'
    assert CHAT.write_answer(PEEK, body, "up", "up") is body


def test_errors_and_pings_are_openais() -> None:
    error = InvalidRequestError("x")
    assert CHAT.write_error(error)[0] == 400
    assert CHAT.write_stream_error(error).startswith(b"data: ")
    assert CHAT.write_ping().startswith(b":")
    assert CHAT.read_error(500, {}, b'{"error":"x"}').message == "x"


@pytest.mark.parametrize("size", [1_000, 5_000_000])
def test_an_answer_of_types_that_nobody_knows_may_have_any_size(size: int) -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "x" * size}]}
    body = msgspec.json.encode({"choices": [{"index": 0, "message": message}]})
    request = peek({"model": "m", "messages": [{"role": "user", "content": "x"}]})
    found = CHAT.read_answer(request, {b"content-type": b"application/json"}, body)
    assert found is not None
    assert found.text_bytes == size


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 6 * 2**20}}


def read_parts(parts: list[Any], **members: Any) -> Answer | None:
    choice = {"index": 0, "message": {"role": "assistant", "content": parts}}
    body = msgspec.json.encode({"choices": [choice], "model": "m", **members})
    return CHAT.read_answer(PEEK, JSON, body)


def test_a_large_picture_in_an_answer_is_taken_and_is_no_text() -> None:
    parts = [{"type": "text", "text": "a cat"}, PICTURE]
    found = read_parts(parts, usage={"prompt_tokens": 3, "completion_tokens": 4})
    assert found is not None and found.usage is not None
    assert (found.usage.input, found.usage.output, found.model) == (3, 4, "m")
    found = read_parts(parts)
    assert found is not None
    assert (found.usage, found.text_bytes) == (None, 5)


def test_an_answer_of_very_many_values_is_counted_without_being_walked() -> None:
    parts = [{"type": "text", "text": "a"}] * 200_000
    found = read_parts(parts, usage={"prompt_tokens": 3, "completion_tokens": 4})
    assert found is not None and found.usage is not None
    found = read_parts(parts)
    assert found is not None
    assert found.text_bytes > 200_000


@pytest.mark.parametrize("choices", [[], [1], {}, "text", None])
def test_choices_of_another_kind_are_no_chat(choices: Any) -> None:
    body = msgspec.json.encode({"choices": choices, "usage": [1]})
    assert CHAT.read_answer(PEEK, JSON, body) is None
