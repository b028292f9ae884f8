"""Below a channel's address: things that a vendor keeps, asked for with the key that made them."""

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.domain.secret import Secret
from nexhina.providers.endpoint import at_resource, build_targets, mark_key
from nexhina.providers.registry import PROVIDERS

OPENAI = PROVIDERS["openai"]


def make_targets(keys="sk-one\nsk-two", provider=OPENAI, operation=Operation.RESPONSES, url=None):
    channel = Channel(
        id=1,
        tenant_id=1,
        name="a",
        provider=provider.name,
        public_name="a",
        base_url=url,
        key=Secret(keys),
        models={"m": "m"},
    )
    return build_targets(provider, channel, operation)


def test_a_thing_lies_below_the_address_with_the_same_key():
    first, _ = make_targets()
    read = at_resource(first, "GET", "/resp_1/input_items?limit=2")
    assert (read.method, read.path) == ("GET", "/v1/responses/resp_1/input_items?limit=2")
    assert read.origin == first.origin
    assert b"Authorization: Bearer sk-one\r\n" in read.head
    assert b"Content-Type" not in read.head and b"content-type" not in read.headers
    assert read.head.endswith(b"\r\n")
    assert set(first.headers) - set(read.headers) == {b"content-type"}


def test_a_post_keeps_its_type():
    first, _ = make_targets()
    assert at_resource(first, "POST", "/resp_1/cancel").head == first.head


def test_marks_tell_keys_apart_and_stay_the_same_and_do_not_tell_the_key():
    one, two = make_targets()
    again, _ = make_targets(url="https://elsewhere.test/v1")
    assert mark_key(OPENAI, one) == mark_key(OPENAI, again) != mark_key(OPENAI, two)
    assert len(mark_key(OPENAI, one)) == 16
    assert "sk-one" not in mark_key(OPENAI, one)


def test_a_channel_without_a_key_has_no_mark():
    provider = PROVIDERS["openai_compatible"]
    (only,) = make_targets("", provider, Operation.CHAT, "http://x.test/v1")
    assert mark_key(provider, only) == ""
