"""Bodies that are malformed JSON, or JSON outside the limits: 400, nothing is stored, and no worker
is harmed."""

import json

import pytest

from support.answers import assert_error
from support.client import Client
from support.rooms import ROOMS

pytestmark = pytest.mark.usefixtures("unharmed")

TYPE = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def room(owner):
    return owner.room()["room_id"]


@pytest.fixture
def refuse(owner, room):
    """refuse(body): the body is 400 as a room, as a message and as a registration, and creates
    nothing."""
    def check(body):
        stored = [owner.get(ROOMS).json()["count"],
                  owner.get(f"{ROOMS}{room}/messages/").json()["count"]]
        for path in (ROOMS, f"{ROOMS}{room}/messages/"):
            assert_error(owner.post(path, data=body, headers=TYPE), 400)
        stranger = Client(owner.instance)
        assert_error(stranger.post("/api/auth/register/", data=body, headers=TYPE), 400)
        assert stored == [owner.get(ROOMS).json()["count"],
                          owner.get(f"{ROOMS}{room}/messages/").json()["count"]]
    return check


def with_value(raw):
    """A valid body except for the value of one field."""
    return b'{"name": "ok", "content": "ok", "username": "ok-name", "field": ' + raw + b"}"


def with_text(raw):
    """Bodies with the bytes in a string: in a known field, in an unknown one, nested, and in a
    key."""
    quoted = b'"a' + raw + b'b"'
    return [b'{"name": ' + quoted + b', "content": ' + quoted + b"}", with_value(quoted),
            with_value(b'[{"x": [' + quoted + b"]}]"), with_value(b"{" + quoted + b": 1}"),
            with_value(b"1, " + quoted + b": 2")]


def make_room(owner, body):
    answer = owner.post(ROOMS, data=body, headers=TYPE)
    assert answer.status_code == 201, answer.text
    return answer.json()


# ---- not an object ----

@pytest.mark.parametrize("body", [b"[]", b"null", b"true", b"1", b"1.5", b'"name"',
                                  b'[{"name": "x"}]', b"  [] ", b'"{}"'])
def test_json_other_than_an_object_is_400(refuse, body):
    refuse(body)


@pytest.mark.parametrize("body", [
    b" ", b"\n", b"{", b"}", b'{"name"', b'{"name":', b'{"name": "x"', b'{"name": "x',
    b'{"name": "x\\', b'{"name": "x\\u00', b'{"name": tru', b'{"name": -', b'{"name": 1.',
    b'{"name": 1e', b'{"name": [1,', b'{"name": "x"}}', b'{"name": "x"}{"name": "y"}',
    b'{"name": "x"} x', b'{"name": "x",}', b'{,}', b'{"name": "x" "y": 1}', b'{"name" "x"}',
    b"{name: 1}", b"{1: 1}", b'{"name": [1,]}', b'{"name": "x"} // comment',
    b'{/* comment */"name": "x"}', b"name=x", b"<name>x</name>", b"undefined", b"hello",
    b"\xef\xbb\xbf{}", '{"name": "x"}'.encode("utf-16"), '{"name": "x"}'.encode("utf-32-le"),
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x05", b'{"name": "tab\there"}',
    b'{"name": "line\nfeed"}', b'{"name": "\x1f"}', b'{"name": "\\x41"}', b'{"name": "\\u12g4"}',
    b'{"name": "\\U0041"}', b'{"name": "\\a"}', b'{"a": "\\"}',
])
def test_malformed_json_is_400(refuse, body):
    refuse(body)


@pytest.mark.parametrize("body", [b"{'name': 'x'}", b'{"name": \'x\'}', b"{'name': \"x\"}",
                                  b'{"name": "x", \'content\': 1}'])
def test_single_quotes_are_400(refuse, body):
    refuse(body)


@pytest.mark.parametrize("raw", [b"NaN", b"nan", b"Infinity", b"-Infinity", b"-NaN", b"inf",
                                 b"[NaN]", b'{"x": [Infinity]}'])
def test_nan_and_infinity_are_400_in_any_position(refuse, raw):
    refuse(with_value(raw))


@pytest.mark.parametrize("raw", [b"True", b"None", b"TRUE", b"Null", b"nil", b"yes"])
def test_literals_of_other_languages_are_400(refuse, raw):
    refuse(with_value(raw))


# ---- numbers ----

@pytest.mark.parametrize("raw", [b"18446744073709551616", b"-9223372036854775809",
                                 b"1" + b"0" * 19 + b"0", b"9" * 500, b"-" + b"9" * 100000,
                                 b"[[18446744073709551616]]", b'{"x": -9223372036854775809}'])
def test_integers_beyond_64_bits_are_400_in_any_position(refuse, raw):
    refuse(with_value(raw))


@pytest.mark.parametrize("raw", [b"1e400", b"-1e400", b"1e999999999999999999999", b"[1.5E+309]"])
def test_numbers_out_of_range_are_400(refuse, raw):
    refuse(with_value(raw))


@pytest.mark.parametrize("raw", [b"+1", b".5", b"1.", b"01", b"-01", b"0x10", b"1_000", b"1e",
                                 b"--1", b"1.5.5", b"\xd9\xa1", b"-"])
def test_malformed_numbers_are_400(refuse, raw):
    refuse(with_value(raw))


@pytest.mark.parametrize("raw", [b"18446744073709551615", b"-9223372036854775808", b"0", b"-0",
                                 b"1.7976931348623157e308", b"1e-400", b"0.1", b"1E5", b"-0.0e-0"])
def test_numbers_within_range_are_accepted(owner, raw):
    assert make_room(owner, with_value(raw))["name"] == "ok"


# ---- depth ----

def nested(depth, kind):
    """An object of this nesting depth, itself included."""
    inner = depth - 1
    opening, closing = {"arrays": (b"[", b"]"), "objects": (b'{"x":', b"}"),
                        "both": (b'[{"x":', b"}]")}[kind]
    if kind == "both":
        odd = inner % 2
        core = opening * (inner // 2) + b"[1]" * odd + b"1" * (1 - odd) + closing * (inner // 2)
    else:
        core = opening * inner + b"1" + closing * inner
    return with_value(core)


@pytest.mark.parametrize("kind", ["arrays", "objects", "both"])
def test_json_nested_32_levels_deep_is_accepted(owner, kind):
    assert make_room(owner, nested(32, kind))["name"] == "ok"


@pytest.mark.parametrize("kind", ["arrays", "objects", "both"])
@pytest.mark.parametrize("depth", [33, 34, 64, 1000, 10001])
def test_json_nested_more_than_32_levels_deep_is_400(refuse, kind, depth):
    refuse(nested(depth, kind))


@pytest.mark.parametrize("body", [b"[" * 1000, b'{"a":' * 1000, b"[" * 130000, b"{" * 130000,
                                  b"]" * 130000])
def test_unclosed_brackets_are_400(refuse, body):
    refuse(body)


def test_many_adjacent_brackets_are_accepted(owner):
    assert make_room(owner, with_value(b"[" + b"[]," * 20000 + b"{}]"))["name"] == "ok"


# ---- invalid text ----

@pytest.mark.parametrize("raw", [
    b"\\ud800", b"\\udfff", b"\\ud800\\u0041", b"\\ud83d\\ud83d", b"\\ude00\\ud83d", b"\\uD83Dx",
    b"\\ud83d\\n", b"\\udc00\\udc00",
])
def test_escaped_lone_surrogates_are_400_in_any_position(refuse, raw):
    for body in with_text(raw):
        refuse(body)


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80"])
def test_encoded_surrogates_are_400_in_any_position(refuse, raw):
    for body in with_text(raw):
        refuse(body)


@pytest.mark.parametrize("raw", [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\x81",
                                 b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf"])
def test_overlong_utf_8_is_400_in_any_position(refuse, raw):
    for body in with_text(raw):
        refuse(body)


@pytest.mark.parametrize("raw", [b"\xff", b"\xfe\xff", b"\x80", b"\xe2\x82", b"\xf4\x90\x80\x80",
                                 b"\xe4", b"\xf8\x88\x80\x80\x80", b"caf\xe9"])
def test_invalid_utf_8_is_400_in_any_position(refuse, raw):
    for body in with_text(raw):
        refuse(body)


@pytest.mark.parametrize("raw", [b"\x00", b"\\u0000", b"\xc0\x80", b"\\u0000\\u0000"])
def test_a_nul_is_400_in_any_position(refuse, raw):
    for body in with_text(raw):
        refuse(body)


@pytest.mark.parametrize("body", [b"\x00", b"\x00{}", b'{"name": "x"}\x00', b'{"name": "x"}\x00{}',
                                  b'{"name":\x00 "x"}', b"{}\n\x00"])
def test_a_nul_between_tokens_is_400(refuse, body):
    refuse(body)


@pytest.mark.parametrize("text", ["\uffff", "\ufdd0", "\U0010ffff", "\ufffd",
                                  "\u0001\u0002\u001f\u007f", "\u202e\u200b", "e\u0301" * 10,
                                  "\ud7ff\ue000"])
def test_unusual_text_is_returned_unchanged(owner, room, text):
    for body in (json.dumps({"content": f"<{text}>"}),
                 json.dumps({"content": f"<{text}>"}, ensure_ascii=False)):
        answer = owner.post(f"{ROOMS}{room}/messages/", data=body.encode(), headers=TYPE)
        assert answer.json()["content"] == f"<{text}>"


# ---- keys ----

@pytest.mark.parametrize("body", [
    b'{"name": "first", "name": "last"}', b'{"name": 5, "name": "last"}',
    b'{"name": [], "name": "last"}', b'{"name": "first", "na\\u006de": "last"}',
    b'{"na\\u006De": null, "x": 1, "name": "last"}',
    b'{"name": ' + b'"x", "name": ' * 5000 + b'"last"}',
])
def test_the_last_of_a_repeated_key_is_used(owner, body):
    assert make_room(owner, body)["name"] == "last"


@pytest.mark.parametrize("last", [b"null", b'""', b"[]", b"true"])
def test_the_last_of_a_repeated_key_is_used_even_if_invalid(owner, last):
    answer = owner.post(ROOMS, data=b'{"name": "first", "name": ' + last + b"}", headers=TYPE)
    assert_error(answer, 400, ["name"])


@pytest.mark.parametrize("key", [b"Name", b"NAME", b" name", b"name ", b"", b"name[]", b"name.x"])
def test_keys_are_case_sensitive(owner, key):
    answer = owner.post(ROOMS, data=b'{"' + key + b'": "x"}', headers=TYPE)
    assert_error(answer, 400, ["name"])


def test_many_keys_are_accepted(owner):
    keys = ", ".join(f'"k{number}": {number}' for number in range(8000))
    assert make_room(owner, f'{{{keys}, "name": "last"}}'.encode())["name"] == "last"
