"""Checks that hold for every error response, of fcgi-api or of the web server."""

import functools
import json
import re
from typing import NamedTuple

from requests.structures import CaseInsensitiveDict

from support.build import ROOT

JSON_TYPE = "application/json; charset=utf-8"

# Words that would reveal a library, SQL or a path.
LEAKS = ("sql", "maria", "innodb", "select ", "insert ", "update ", "errno", "error code", "stmt",
         "tokener", "json-c", "json_", "libfcgi", "fcgx", "hiredis", "sodium", ".c:", "/tmp",
         "/usr", "/var", "/home", "/root", ".sock", "segfault", "null pointer", "(null)",
         "traceback")


class Answer(NamedTuple):
    status: int
    headers: CaseInsensitiveDict
    body: bytes

    def json(self):
        return json.loads(self.body)


def parse_http(data):
    """Parses the only response in the bytes of a connection."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = CaseInsensitiveDict()
    for line in lines:
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    assert first.startswith("HTTP/1."), data[:200]
    return Answer(int(first.split()[1]), headers, body)


def answer_of(source):
    """Converts a response of Client, Instance.fcgi or Instance.raw."""
    if isinstance(source, Answer):
        return source
    if isinstance(source, bytes):
        return parse_http(source)
    if isinstance(source, tuple):
        return Answer(*source)
    return Answer(source.status_code, source.headers, source.content)


def assert_error(source, status, keys=("detail",)):
    """Asserts an error of that status, in JSON with exactly these keys and the codes beside them,
    that reveals no internals. Returns the JSON without the codes."""
    answer = answer_of(source)
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.headers["Content-Type"] == JSON_TYPE
    content = answer.json()
    assert_codes(content)
    content.pop("code" if "detail" in content else "codes")
    assert sorted(content) == sorted(keys), content
    for key, value in content.items():
        sound = [value] if key == "detail" else value
        assert isinstance(sound, list) and sound, content
        assert all(isinstance(line, str) and line for line in sound), content
    assert_tells_nothing(answer.body)
    return content


def assert_codes(content):
    """Asserts that an error has codes that are documented: one, or one for each field."""
    if "detail" in content:
        assert content["code"] in documented_codes() and "codes" not in content, content
        return
    codes = content["codes"]
    assert codes and sorted(codes) == sorted(content.keys() - {"codes"}), content
    for field, words in codes.items():
        assert len(words) == len(content[field]) and set(words) <= documented_codes(), content


@functools.cache
def documented_codes():
    return set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.M))


def assert_detail(source, status, detail):
    assert assert_error(source, status)["detail"] == detail


def assert_tells_nothing(body):
    text = body.decode().lower()
    assert not [word for word in LEAKS if word in text], text
