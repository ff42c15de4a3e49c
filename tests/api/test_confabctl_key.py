"""confabctl key."""

import re

import pytest

from support.api_key import ALL
from support.client import Client, fresh_name
from support.shapes import A_TIME


def listed(tool, name):
    found, = [key for key in tool.json("key", "list")["results"] if key["name"] == name]
    return found


def test_the_key_alone_is_printed_and_works(tool, instance):
    out = tool("key", "add", fresh_name("key"), "--scopes", "users")
    assert re.fullmatch("ck_[0-9a-f]{40}\n", out)
    assert tool.complaint == ""
    answer = Client(instance, out.strip()).get("/api/site/users/?external_id=x")
    assert (answer.status_code, answer.json()["count"]) == (200, 0)


def test_the_key_is_not_stored(tool, instance):
    name = fresh_name("key")
    key = tool("key", "add", name, "--scopes", ALL).strip()
    row, = instance.sql("SELECT LOWER(HEX(key_hash)), name, scopes FROM api_key WHERE name = ?",
                        name)
    assert key not in str(row) and key[3:] not in str(row)
    assert row[1:] == (name, ALL)


def test_keys_are_listed_without_their_secrets(tool, instance):
    name = fresh_name("key")
    key = tool("key", "add", name, "--scopes", "messages,users", "--address", "10.0.0.0/8",
               "--address", "::1", "--expires", "2090-01-31").strip()
    assert listed(tool, name) == {
        "name": name, "scopes": "users,messages", "addresses": "10.0.0.0/8, ::1",
        "state": "valid", "created_at": A_TIME, "expires_at": "2090-01-31T00:00:00.000000Z",
        "last_used_at": None}
    row, = [row for row in tool.table("key", "list") if row["NAME"] == name]
    assert (row["SCOPES"], row["ADDRESSES"], row["STATE"], row["USED (UTC)"]) == (
        "users,messages", "10.0.0.0/8, ::1", "valid", "-")
    assert key not in tool("key", "list") and key not in tool("--json", "key", "list")


def test_the_time_of_use_is_noted(tool, instance):
    name = fresh_name("key")
    key = tool("key", "add", name, "--scopes", "users").strip()
    Client(instance, key).get("/api/site/users/?external_id=x")
    assert listed(tool, name)["last_used_at"] == A_TIME


def test_a_revoked_key_is_listed_and_its_name_stays_taken(tool):
    name = fresh_name("key")
    tool("key", "add", name, "--scopes", "users")
    assert tool("key", "revoke", name) == f"Key {name} revoked.\n"
    assert tool("key", "revoke", name) == f"Key {name} was revoked already.\n"
    assert listed(tool, name)["state"] == "revoked"
    assert tool.refuses("key", "add", name, "--scopes", "users") == (
        f"a key named '{name}' already exists, perhaps a revoked one")


def test_an_unknown_key_cannot_be_revoked(tool):
    assert tool.refuses("key", "revoke", "no-such-key") == "there is no key named 'no-such-key'"


@pytest.mark.parametrize("date", ["2090-01-31", "2090-01-31T12:30:00Z", "2096-02-29"])
def test_a_date_is_a_day_or_a_time(tool, date):
    name = fresh_name("key")
    tool("key", "add", name, "--scopes", "users", "--expires", date)
    assert listed(tool, name)["expires_at"][:len(date) - date.endswith("Z")] == date.rstrip("Z")


@pytest.mark.parametrize("date", [
    "tomorrow", "2090-1-31", "2090-02-30", "2091-02-29", "2090-13-01", "2090-01-00", "2090-01-31T",
    "2090-01-31T24:00:00Z", "2090-01-31T12:00:00", "2090-01-31 12:00:00", "", "31.1.2090",
    "2090-01-31T12:00:00+02:00"])
def test_any_other_date_is_refused(tool, date):
    said = tool.refuses("key", "add", fresh_name("key"), "--scopes", "users", "--expires", date)
    assert said.startswith(f"invalid date '{date}'")


def test_a_date_in_the_past_makes_an_expired_key(tool, instance):
    name = fresh_name("key")
    key = tool("key", "add", name, "--scopes", "users", "--expires", "2001-01-01").strip()
    assert tool.complaint == ("confabctl: warning: the date '2001-01-01' is in the past; "
                              "the key has expired\n")
    assert listed(tool, name)["state"] == "expired"
    assert Client(instance, key).get("/api/site/users/?external_id=x").status_code == 401


@pytest.mark.parametrize("scopes", ["", "user", "users,,act", "all", "USERS",
                                    "users act"])
def test_unknown_scopes_are_refused(tool, scopes):
    said = tool.refuses("key", "add", fresh_name("key"), "--scopes", scopes)
    assert said.startswith(f"invalid scopes '{scopes}'")


def test_a_key_needs_scopes(tool):
    assert tool.misuse("key", "add", "x")[0] == "confabctl: --scopes is required"


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "ä", "a" * 65, "key=x"])
def test_names_are_words_of_the_log(tool, name):
    assert tool.run("key", "add", name, "--scopes", "users").returncode == 1


@pytest.mark.parametrize("address", ["", "example.org", "10.0.0.0/33", "10.0.0.1, ::1", "1.2.3"])
def test_an_address_that_is_none_is_refused(tool, address):
    said = tool.refuses("key", "add", fresh_name("key"), "--scopes", "users", "--address", address)
    assert said.startswith(f"invalid address '{address}'")
