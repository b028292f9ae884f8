"""Whether something like it came before changes nothing in what is read from a chat request."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nexhina.dialects import chat_memo
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound

HEADS = st.sampled_from(
    [
        b'{"model":"m","messages":',
        b'{"model": "m", "messages": ',
        b'{"messages":',
        b'{"stop":"[","model":"m","messages":',
        b'{"user":"\\"messages\\":[","model":"m","messages":',
        b'{"messages":[],"model":"m","messages":',
    ]
)
TAILS = st.sampled_from(
    [
        b"}",
        b',"max_tokens":9}',
        b', "max_tokens": 9}',
        b',"model":"m"}',
        b',"stop":["]"]}',
        b',"stop":"]"}',
        b',"messages":[{}]}',
        b"}}",
        b"",
    ]
)
MESSAGES = st.lists(
    st.sampled_from(
        [
            *(b"[", b"]", b"{", b"}", b",", b'"', b"\\", b'"a":', b'"]"', b"1", b"{}", b" "),
            *(b'{"a":"b"}', b'{"content":"hi"}', b'{"content":["x"]}'),
            *(b"\xc3\xa9", b"\xff", b'"\\ud800"'),
        ]
    ),
    max_size=5,
).map(lambda parts: b"[" + b"".join(parts) + b"]")
GOOD = st.sampled_from(
    [b"[{}]", b'[{"content":"hi"}]', b'[{"content":"]"}, {"content":"\xc3\xa9"}]']
)


def read(body: bytes) -> Any:
    try:
        return OpenAIChat().peek(make_inbound(body))
    except InvalidRequestError as error:
        return error.message, error.param


@given(HEADS, TAILS, st.lists(MESSAGES | GOOD, min_size=1, max_size=4))
def test_a_known_request_is_read_as_a_new_one(head: bytes, tail: bytes, lists: list[bytes]) -> None:
    chat_memo.forget()
    for _ in range(2):
        read(head + b"[{}]" + tail)
    warm = [read(head + messages + tail) for messages in lists]
    for messages, seen in zip(lists, warm, strict=True):
        chat_memo.forget()
        assert seen == read(head + messages + tail)
