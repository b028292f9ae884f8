"""A request that is known by what stands around its messages says what a full look would say."""

from collections.abc import Generator

import msgspec
import pytest

from nexhina.dialects import chat_memo
from nexhina.dialects.chat_memo import recall
from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import CUT_FROM
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound

FIRST = b'[{"role":"user","content":"a"}]'


@pytest.fixture(autouse=True)
def nothing_known() -> Generator[None]:
    chat_memo.forget()
    yield
    chat_memo.forget()


def write(messages: bytes = FIRST, more: bytes = b',"max_tokens":5,"stream":true') -> bytes:
    return b'{"model":"m","messages":%b%b}' % (messages, more)


def peek(body: bytes) -> Peek:
    return OpenAIChat().peek(make_inbound(body))


def teach(*bodies: bytes) -> None:
    """What comes twice is remembered."""
    for body in bodies or (write(),):
        peek(body)
        peek(body)


def test_other_messages_between_the_same_bytes_are_known() -> None:
    teach()
    body = write(b'[{"role":"system","content":"b"},{"role":"user","content":"\xe4\xbd\xa0"}]')
    known = recall(body)
    assert known is not None
    assert known is not recall(body)  # nobody shares what may be changed
    chat_memo.forget()
    assert recall(body) is None
    assert known == peek(body)
    assert (known.model, known.max_tokens, known.stream) == ("m", 5, True)
    assert list(known.envelope.members) == ["model", "messages", "max_tokens", "stream"]
    assert msgspec.json.decode(known.envelope.members["messages"])[1]["content"] == "你"


def test_what_comes_once_is_not_kept() -> None:
    peek(write())
    assert recall(write()) is None
    peek(write())
    assert recall(write()) is not None


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (b"[]", "'messages' must be"),
        (b'["a"]', "'messages' must be"),
        (b'[{"role":"user","content":"a"},{]', "not valid JSON"),
        (b'[{"role":"user","content":"\xff"}]', "not UTF-8"),
        (b'[{"role":"user","content":NaN}]', "not valid JSON"),
        (b'[{"role":"user"}],"model":"other","x":[1]', "'model' appears twice"),
        (b'[{"role":"user"}],"model":"other","x":"]"', "'model' appears twice"),
        (b'[{"role":"user"}],"messages":3,"x":"]"', "'messages'"),
        (b"[" + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"]", "nested too deeply"),
    ],
)
def test_messages_at_fault_are_refused_in_the_same_words(messages: bytes, said: str) -> None:
    with pytest.raises(InvalidRequestError) as fresh:
        peek(write(messages))
    teach()
    with pytest.raises(InvalidRequestError) as known:
        peek(write(messages))
    assert said in fresh.value.message
    assert (known.value.message, known.value.param) == (fresh.value.message, fresh.value.param)


def test_content_in_parts_is_looked_at() -> None:
    teach()
    part = b'{"type":"image_url","image_url":{"url":"https://a/b"}}'
    assert peek(write(b'[{"role":"user","content":[%b]}]' % part)).media_parts == 1


def test_what_stands_around_counts_byte_by_byte() -> None:
    teach()
    assert peek(write(more=b',"max_tokens":6,"stream":true')).max_tokens == 6
    with pytest.raises(InvalidRequestError) as error:
        peek(write(more=b',"max_tokens":-1,"stream":true'))
    assert error.value.param == "max_tokens"


@pytest.mark.parametrize(
    "body",
    [
        write(more=b',"user":"%b"' % (b"u" * chat_memo.LARGEST)),
        write(b'[{"content":"%b"}]' % (b"a" * CUT_FROM)),
        b'{ "model":"m", "messages":[{}]}',  # blanks of its own
        b'{"stop":"[","model":"m","messages":[{}]}',
        write(more=b',"tools":[{}]'),
        b'{"model":"m","messages":[{}],"stop":"]"}',
    ],
)
def test_unusual_requests_are_not_known(body: bytes) -> None:
    teach(body)
    assert recall(body) is None


def test_a_body_that_may_still_change_is_not_known() -> None:
    teach()
    assert recall(bytearray(write())) is None


def test_only_so_many_are_kept() -> None:
    for number in range(chat_memo.MOST):
        teach(write(more=b',"seed":%d' % number))
    assert recall(write(more=b',"seed":0')) is not None
    teach(write(more=b',"seed":-1'))
    assert recall(write(more=b',"seed":0')) is None
    assert recall(write(more=b',"seed":-1')) is not None
