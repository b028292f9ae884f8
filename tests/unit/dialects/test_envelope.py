import base64
import json

import msgspec
import pytest

from nexhina.dialects import envelope as module
from nexhina.dialects.envelope import (
    CUT_FROM,
    Edit,
    cut_payloads,
    locate,
    read_envelope,
    splice,
    splice_value,
)
from nexhina.errors import InvalidRequestError

PAYLOAD = base64.b64encode(bytes(range(256)) * 200).decode()
URL = f"data:image/png;base64,{PAYLOAD}"


def refusal(body: bytes) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        read_envelope(body)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":12,"a":1}',
        b'{"a":1,"a":12}',
        b'{ "a" : [1] , "b" : 2, "a" : [1] }',
        b'{"a":"x","b":1,"a":"x"}',
        b'{"\\u0061":1,"a":1}',
        b'{"a":{},"\\u0061":{}}',
        b'{"a":1,"a":1,"a":1}',
    ],
)
def test_a_key_that_comes_twice_is_refused_by_name(body: bytes) -> None:
    error = refusal(body)
    assert error.param == "a"
    assert "twice" in error.message


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b" { } ",
        b'{"a":1}',
        b'\n{ "a" :\t1 ,\r\n "b" : "}\\",:{" }\n',
        b'{"a":1,"A":1,"\\u0062":{"a":1,"a":2}}',
        '{"ключ":"значение","人":[1]}'.encode(),
        b'{"":1,"\\"":2,"\\\\":3}',
        b'{"a":1,"a ":2,"\\n":3}',
    ],
)
def test_different_keys_pass_and_are_located(body: bytes) -> None:
    envelope = read_envelope(body)
    assert envelope.members.keys() == msgspec.json.decode(body).keys()
    for name, (key, value, end) in locate(envelope).items():
        assert body[value:end] == bytes(envelope.members[name])
        assert body[key : key + 1] == b'"'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":' + b"[" * 100_000, "nested too deeply"),
        (b"[]", "must be a JSON object"),
        (b'"a"', "must be a JSON object"),
        (b'{"a":NaN}', "byte 5"),
        (b'{"a":-Infinity}', "not valid JSON"),
        (b'{"a":1} x', "trailing characters"),
        (b'{"a":"\\ud800 abcdefgh"}', "surrogate pair"),
        (b'{"a":"\\udc00 abcdefgh"}', "surrogate pair"),
        (b'{"a":"\xff"}', "not UTF-8: invalid start byte at byte 6 (0xff)"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":1,}', "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":1', "Input data was truncated"),
        (b'{"a":01}', "not valid JSON"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_the_reason(body: bytes, words: str) -> None:
    error = refusal(body)
    assert words in error.message
    assert error.status == 400


def long_body(after: bytes = b"1") -> bytes:
    return b'{"messages":[{"url":"%b"}],"model":"a","z":%b}' % (URL.encode(), after)


def test_a_long_data_url_is_cut_and_put_back_by_a_splice() -> None:
    body = long_body()
    envelope = read_envelope(body)
    assert len(envelope.text) < 100
    assert len(envelope.holes) == 1
    changed = splice_value(envelope, body, "model", b'"b"', b'"y":2')
    assert changed == body.replace(b'"a"', b'"b"').replace(b'"z":1}', b'"z":1,"y":2}')


def test_positions_in_messages_are_the_callers_behind_a_cut() -> None:
    body = long_body(b"NaN")
    assert f"(byte {body.index(b'NaN')})" in refusal(body).message
    body = long_body(b'"\xff"')
    assert f"at byte {body.index(0xFF)} " in refusal(body).message


def test_several_cuts_keep_their_places() -> None:
    body = b'{"a":{"url":"%b"},"m":1,"b":{"file_data" : "%b"},"n":2,"c":3}' % (
        URL.encode(),
        URL.encode(),
    )
    envelope = read_envelope(body)
    assert len(envelope.holes) == 2
    edits = {"m": Edit(value=b"10"), "n": Edit(name="nn"), "c": Edit(value=b"4")}
    assert splice(envelope, body, edits) == body.replace(b'"m":1', b'"m":10').replace(
        b'"n":2,"c":3', b'"nn":2,"c":4'
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"text":"%b"}' % URL.encode(),  # another key
        b'{"url":"%b"}' % URL[:400].encode(),  # short
        b'{"url":"%b\\n"}' % URL.encode(),  # an escape inside
        b'{"t":"\\"url\\":\\"%b"}' % URL.encode(),  # inside another string
        b'{"x\\"url":"%b"}' % URL.encode(),  # the end of another key
        b'{"url":"%b' % URL.encode(),  # no end
        b'{"a":1}',
    ],
)
def test_what_is_not_surely_a_payload_stays(body: bytes) -> None:
    assert cut_payloads(body) == (body, ())


def test_a_payload_in_a_malformed_body_does_not_make_it_valid() -> None:
    body = b'{"a":"x"data:' + b"y" * CUT_FROM + b'"}'
    assert "not valid JSON" in refusal(body).message


@pytest.mark.parametrize("colons", [0, 4, 127, 128, 129, 500])
def test_a_payload_is_found_behind_any_number_of_colons(colons: int) -> None:
    body = b'{"x":"%b","url":"%b","y":"data:"}' % (b":" * colons, URL.encode())
    envelope = read_envelope(body)
    assert [body[hole.start : hole.end] for hole in envelope.holes] == [URL[5:].encode()]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "bc": [1, 2], "model": "x"}',
        b'{"a":  1,"bc": [1, 2], "model": "x"}',
        b'{"a" :1, "bc":  2,"model": "x"}',
        b'{"a.b": 1, "%b": 2, "model": "x"}',
        '{"ключ": 1, "model": "x"}'.encode(),
        b'{"\\u0061": 1, "model": "x"}',
    ],
)
def test_a_spaced_body_is_located_wherever_its_blanks_are(body: bytes) -> None:
    for _ in range(2):  # the second time its form may be remembered
        envelope = read_envelope(body)
        for name, (key, value, end) in locate(envelope).items():
            assert msgspec.json.decode(body[key : body.index(b":", key)].rstrip()) == name
            assert body[value:end] == bytes(envelope.members[name])
        changed = splice_value(envelope, body, "model", b'"y"', b'"z":1')
        assert changed == body[:-4] + b'"y","z":1}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"b":22,"a":1}',  # as long as the spaced form of two
        b'{"a":1,"bcdef":"x","a":1}',
        b'{"b":"xyz","a":5,"a":5}',
        b'{"a": 1, "b": 2, "a": 1}',
        b'{"a": 12, "b": 2, "a": 1}',
    ],
)
def test_a_twin_does_not_hide_in_the_place_of_blanks(body: bytes) -> None:
    spaced = json.dumps(msgspec.json.decode(body)).encode()
    read_envelope(spaced)
    assert refusal(body).param == "a"


def test_forms_of_many_different_bodies_do_not_fill_the_memory() -> None:
    for number in range(1000):
        read_envelope(b'{"a%d": 1, "b": 2}' % number)
    assert len(module._forms) <= 256


def test_only_so_many_payloads_are_looked_for() -> None:
    one = b'{"url":"data:' + b"y" * 1100 + b'"}'
    body = b'{"a":[' + b",".join([one] * 300) + b"]}"
    envelope = read_envelope(body)
    assert len(envelope.holes) == 256
    assert splice_value(envelope, body, None, added=b'"b":1') == body[:-1] + b',"b":1}'


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"a": Edit(remove=True)}, b'{ "b":2 , "c" : 3\n}'),
        ({"b": Edit(remove=True)}, b'{ "a": 1, "c" : 3\n}'),
        ({"c": Edit(remove=True)}, b'{ "a": 1, "b":2\n}'),
        ({"b": Edit(remove=True), "c": Edit(remove=True)}, b'{ "a": 1\n}'),
        ({"a": Edit(remove=True), "c": Edit(remove=True)}, b'{ "b":2\n}'),
        ({"a": Edit(name="x", value=b"9")}, b'{ "x": 9, "b":2 , "c" : 3\n}'),
        ({"c": Edit(name='"')}, b'{ "a": 1, "b":2 , "\\"" : 3\n}'),
        ({"b": Edit()}, b'{ "a": 1, "b":2 , "c" : 3\n}'),
    ],
)
def test_a_splice_changes_what_it_was_told_and_no_other_byte(
    edits: dict[str, Edit], expected: bytes
) -> None:
    body = b'{ "a": 1, "b":2 , "c" : 3\n}'
    assert splice(read_envelope(body), body, edits) == expected


def test_an_added_member_goes_behind_the_last_that_stays() -> None:
    body = b'{"a":1,"b":2}'
    assert splice(read_envelope(body), body, {"b": Edit(remove=True)}, b'"c":3') == b'{"a":1,"c":3}'


def test_one_value_is_replaced_in_compact_and_in_spaced_bodies() -> None:
    for body in (b'{"a":1,"b":[2],"c":3}', b'{ "a":1, "b":[2], "c":3 }'):
        assert splice_value(read_envelope(body), body, "b", b"{}") == body.replace(b"[2]", b"{}")
    with pytest.raises(KeyError):
        splice_value(read_envelope(b'{"a":1}'), b'{"a":1}', "b", b"1")


def test_a_bytearray_is_read_and_spliced_like_bytes() -> None:
    body = bytearray(json.dumps({"model": "a", "x": "é"}, ensure_ascii=False).encode())
    envelope = read_envelope(body)
    assert splice_value(envelope, body, "model", b'"b"') == bytes(body).replace(b'"a"', b'"b"')


def write_many(count: int, form: str = '"k%d":1') -> bytes:
    return ("{" + ",".join([form % number for number in range(count)]) + "}").encode()


@pytest.mark.parametrize("count", [1001, 200_000])
@pytest.mark.parametrize("form", ['"k%d":1', '"k%d": 1', ' "k%d" : [{}]', '"k": %d'])
def test_more_keys_than_anybody_means_are_refused(count: int, form: str) -> None:
    body = write_many(count, form)
    said = refusal(body).message
    assert "keys" in said or "appears twice" in said or "values" in said
    few = write_many(1000, '"k%d": 1') + b" " * 300_000
    assert len(read_envelope(few).members) == 1000


@pytest.mark.parametrize(
    "value",
    [
        ",".join(['"x"'] * 330_000),
        ",".join(["1"] * 330_000),
        ",".join(["{}"] * 330_000),
        ",".join(['{"a":"b","c":["\\""]}'] * 170_000),
    ],
)
def test_more_values_than_anybody_means_are_refused(value: str) -> None:
    body = f'{{"model":"m","input":[{value}]}}'.encode()
    assert "values" in refusal(body).message


def test_commas_of_a_long_text_are_no_values() -> None:
    text = 'a, \\"b\\", ' * 200_000
    body = f'{{"model":"m","numbers":[{",".join(["1"] * 300_000)}],"input":"{text}"}}'.encode()
    envelope = read_envelope(body)
    assert len(envelope.members["input"]) == len(text) + 2
    assert {type(name) for name in envelope.members} == {str}
