"""confabctl jwt check and make; the keys in confabctl check and doctor."""

import hashlib
import hmac
import json
import time

import pytest
from support.client import Client
from support.site_tokens import SECRET, claims, hs256, log_in, part, settings, token

HS256 = {"alg": "HS256", "kid": "site"}


@pytest.fixture(scope="module")
def system(make_instance, keys):
    return make_instance(**settings(keys))


def check(system, text, status=1):
    done = system.confabctl("jwt", "check", "-", input=text)
    assert done.returncode == status, (done.stdout, done.stderr)
    assert SECRET not in done.stdout + done.stderr
    return done.stdout


def with_mac(mac_of):
    """A token signed by a function of the text."""
    signed = f"{part(HS256)}.{part(claims())}"
    return f"{signed}.{part(mac_of(signed.encode()))}"


def signed_with(secret):
    return hs256(HS256, claims(), secret)


def test_a_token_that_is_made_is_valid_and_logs_in(system):
    made = system.confabctl("jwt", "make", "--sub", "7", "--name", "Ann Lee", "--username", "ann",
                            "--room", "course-17:admin", "--room", "course-18")
    assert made.returncode == 0, made.stderr
    jwt = made.stdout.strip()
    assert check(system, jwt, 0).startswith('valid: sub "7", signed by site (HS256), ends in ')
    client = Client(system)
    log_in(client, jwt)
    rooms = client.get("/api/chat/rooms/").json()["results"]
    assert {room["key"]: room["is_admin"] for room in rooms} == \
        {"course-17": True, "course-18": False}


def test_a_check_stores_nothing(system):
    jwt = token(jti="of-a-check")
    said = check(system, jwt, 0)
    assert "accepted once" in said
    log_in(Client(system), jwt)


def test_a_file_is_read_too(system, tmp_path):
    path = tmp_path / "token"
    path.write_text(token() + "\n")
    done = system.confabctl("jwt", "check", path)
    assert done.returncode == 0
    assert done.stdout.startswith("note: a line break is after the token")


NOW = int(time.time())
# Tokens that are otherwise good are made when they are checked: the suite takes minutes.
CASES = {
    "none": ("refused: wrong_algorithm", "jwt_keys has: site HS256",
             f'{part({"alg": "none"})}.{part(claims())}.'),
    "unknown kid": ("refused: unknown_key", "add the site's key to",
                    hs256({"alg": "HS256", "kid": "other"}, claims())),
    "another secret": ("refused: bad_signature", "signs with another key", signed_with("x" * 40)),
    "a newline": ("refused: bad_signature", "a line break after the secret",
                  signed_with(SECRET + "\n")),
    "Windows": ("refused: bad_signature", "(CR LF) after the secret",
                signed_with(SECRET + "\r\n")),
    "a blank": ("refused: bad_signature", "a blank after the secret", signed_with(SECRET + " ")),
    "SHA-512": ("refused: bad_signature", "not 32 bytes long",
                with_mac(lambda data: hmac.new(SECRET.encode(), data, hashlib.sha512).digest())),
    "nothing": ("refused: bad_signature", "no signature after the last dot",
                with_mac(lambda data: b"")),
    "quotes": ("refused: bad_signature", "quotes around the secret", signed_with(f'"{SECRET}"')),
    "hexadecimal": ("refused: bad_signature", "hash_hmac with true",
                    with_mac(lambda data: hmac.new(SECRET.encode(), data, hashlib.sha256)
                             .hexdigest().encode())),
    "expired": ("refused: expired", "synchronise the clocks",
                token(iat=NOW - 4000, exp=NOW - 3600)),
    "ahead": ("refused: not_yet_valid", "iat is 20", token(iat=NOW + 3600, exp=NOW + 3900)),
    "too long": ("refused: too_long_lived", "at most iat + 600", token(exp=NOW + 9000)),
    "milliseconds": ("refused: malformed", "exp is in milliseconds",
                     token(exp=(NOW + 300) * 1000)),
    "a string": ("refused: malformed", "exp is a string", token(exp=str(NOW + 300))),
    "a fraction": ("refused: malformed", "exp has a fraction", token(exp=NOW + 300.5)),
    "audience": ("refused: wrong_audience", 'exactly what jwt_audience is: "chat"',
                 lambda: token(aud="https://chat.example")),
    "issuer": ("refused: wrong_issuer", "exactly what jwt_issuer is", lambda: token(iss="x")),
    "no sub": ("refused: missing_claim", "sub is the id of the user", lambda: token(sub=None)),
    "a number": ("refused: malformed", "sub is 7, a string of 1 to 128 bytes was expected",
                 lambda: token(sub=7)),
    "rooms": ("refused: malformed", "rooms[0]: key", lambda: token(rooms=[{"key": "a b"}])),
    "JSON": ("refused: malformed", "looks like JSON", json.dumps({"jwt": token()})),
    "base64": ("refused: malformed", "ordinary base64", token() + "=="),
    "a line break inside": ("refused: malformed", "a blank or line break at byte 9",
                            "eyJhbGciO\n" + token()),
}


@pytest.mark.parametrize("case", CASES)
def test_words_end_the_search(system, case):
    refusal, hint, text = CASES[case]
    said = check(system, text() if callable(text) else text)
    assert refusal in said and hint in said, said


@pytest.mark.parametrize("text, note", [
    ("Bearer {}", '"Bearer "'), ('"{}"', "the quotes"), ("\ufeff{}", "a byte order mark"),
    ("{}\r\n", "a line break")])
def test_what_is_around_a_token_is_noted(system, text, note):
    assert note in check(system, text.format(token()), 0)


@pytest.mark.parametrize("given, note", [
    ({"name": 7}, "the claim name is ignored: It is not a string."),
    ({"picture": "http://site.example/a.png"}, "the claim picture is ignored: Enter an address"),
    ({"locale": "de_DE"}, "the claim locale is ignored: Enter a language tag"),
    ({"email": "ann"}, "the claim email is ignored: Enter a valid email"),
    ({"email_verified": "yes"}, "the claim email_verified is ignored: It is not true or false."),
    ({"nonce": "x"}, "the claim nonce is ignored: confab does not use it"),
    ({"room": []}, "the claim room is ignored; did you mean rooms?"),
    ({"rooms": [{"key": "a", "is_private": False}]}, "in rooms, is_private is ignored"),
    ({"rooms": [{"key": "a", "roles": "admin"}]}, "in rooms, roles is ignored; did you mean role?"),
])
def test_claims_that_a_login_ignores_are_noted(system, given, note):
    assert f"note: {note}" in check(system, token(**given), 0)


def test_a_good_token_is_noted_nothing_about(system):
    good = token(name="Ann", picture=None, locale="de", email="", email_verified=True,
                 preferred_username="ann", rooms=[{"key": "a", "private": True}], rooms_only=True)
    assert "note:" not in check(system, good, 0)


def test_claims_and_clocks_are_shown(system):
    said = check(system, token(iat=NOW - 4000, exp=NOW - 3600))
    assert "the clock of this machine is 20" in said
    assert '"aud": "chat"' in said
    assert " s ago" in said


@pytest.mark.parametrize("content, words", [
    ("site HS256 short\n", "an HS256 secret has 32 to 1,024 bytes"),
    ("site HS256\n", "a line has three words"),
    ("site RSA256 x\n", "the algorithm must be"),
    ("", "no key in the file"),
    ("site RS256 missing.pem\n", "cannot open"),
    (f"site HS256 {SECRET}\n".encode("utf-16"), "UTF-16")])
def test_errors_of_the_file_of_keys_are_explained(make_instance, keys, content, words, system):
    good = keys.file.read_text()
    keys.write(content)
    try:
        done = system.confabctl("jwt", "check", "-", input=token())
        assert done.returncode == 1 and words in done.stderr, done.stderr
        report = system.confabctl("check").stdout
        assert words in report
    finally:
        keys.write(good)


def test_files_of_windows_editors_are_read(system, keys):
    good = keys.file.read_text()
    keys.write(("\ufeff" + good.replace("\n", "\r\n")).encode())
    try:
        assert check(system, token(), 0)
        assert check(system, keys.token("ec", "ES256"), 0)
    finally:
        keys.write(good)


def test_a_file_that_others_can_read_is_a_failure(system, keys):
    keys.file.chmod(0o644)
    try:
        done = system.confabctl("check")
        assert done.returncode == 1
        assert "can be read by other users" in done.stdout
    finally:
        keys.file.chmod(0o600)
    report = system.confabctl("--json", "doctor", system.url).stdout
    [row] = [row for row in json.loads(report)["checks"] if row["check"] == "keys"]
    assert row["state"] == "ok"


def test_make_needs_a_secret(system, keys):
    good = keys.file.read_text()
    keys.write("ec ES256 ec.pem\n")
    try:
        done = system.confabctl("jwt", "make", "--sub", "7")
        assert done.returncode == 1 and "only HS256 keys can sign here" in done.stderr
    finally:
        keys.write(good)
    for words in ((), ("--sub", ""), ("--sub", "x" * 129)):
        assert system.confabctl("jwt", "make", *words).returncode == 2
    assert system.confabctl("jwt", "make", "--sub", "7", "--kid", "none").returncode == 1


def test_without_keys_it_says_so(instance):
    done = instance.confabctl("jwt", "check", "-", input="x")
    assert done.returncode == 1
    assert done.stderr == "confabctl: jwt_keys is not set in the configuration\n"
