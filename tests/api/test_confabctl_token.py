"""confabctl token."""

import re

from support.client import Client


def test_the_key_alone_is_printed_and_works(tool, instance, user):
    client = user()
    out = tool("token", "add", client.name)
    assert re.fullmatch("[0-9a-f]{40}\n", out)
    assert tool.complaint == ""
    fresh = Client(instance, token=out.strip())
    assert fresh.get("/api/auth/me/").json()["user_id"] == client.id
    assert client.get("/api/auth/me/").status_code == 200


def test_the_key_is_not_stored(tool, instance, user):
    client = user()
    key = tool("token", "add", client.name).strip()
    rows = instance.sql("SELECT LOWER(HEX(token_hash)) FROM token WHERE user_id = ?", client.id)
    assert len(rows) == 2
    assert all(key not in str(stored) for (stored,) in rows)


def test_a_disabled_user_gets_no_token(tool, instance, user):
    """Enabling the user would end it."""
    client = user()
    tool("user", "disable", client.name)
    assert tool.refuses("token", "add", client.name) == (
        f"user '{client.name}' is disabled; enable the user first")


def test_a_token_for_an_unknown_user_is_an_error(tool):
    assert tool.refuses("token", "add", "nobody-here") == "user 'nobody-here' does not exist"
    assert tool.refuses("token", "list", "nobody-here") == "user 'nobody-here' does not exist"


def test_tokens_are_listed_without_their_keys(tool, instance, user):
    client = user()
    key = tool("token", "add", client.name).strip()
    form = "'%Y-%m-%dT%H:%i:%s.%fZ'"
    rows = instance.sql(f"SELECT token_id, DATE_FORMAT(created_at, {form}), "
                        f"DATE_FORMAT(last_used_at, {form}) "
                        "FROM token WHERE user_id = ? ORDER BY token_id", client.id)
    assert rows[0][2] is not None and rows[1][2] is None
    listed = tool.json("token", "list", client.name)
    assert listed == {"count": 2, "results": [
        {"token_id": token_id, "user_id": client.id, "username": client.name, "created_at": at,
         "last_used_at": used, "expires_at": None}
        for token_id, at, used in rows]}
    table = tool("token", "list", client.name)
    assert key not in table
    assert [(int(row["ID"]), row["USER"], row["CREATED (UTC)"], row["EXPIRES"])
            for row in tool.table("token", "list", client.name)] == [
        (token_id, client.name, at[:19].replace("T", " "), "-") for token_id, at, _ in rows]


def test_without_a_name_all_tokens_are_listed(tool, user):
    names = {user().name, user().name}
    assert names <= {token["username"] for token in tool.json("token", "list")["results"]}


def test_a_revoked_token_is_invalid_at_once_and_others_stay_valid(tool, instance, user):
    client = user()
    key = tool("token", "add", client.name).strip()
    token_id = tool.json("token", "list", client.name)["results"][-1]["token_id"]
    with instance.subscribe(f"user:{client.id}") as heard:
        assert tool("token", "revoke", token_id) == f"Token {token_id} revoked.\n"
        event = heard.wait_for()
    assert (event.name, event.seq, event.json) == ("credentials_changed", 1, None)
    assert Client(instance, token=key).get("/api/auth/me/").status_code == 401
    assert client.get("/api/auth/me/").status_code == 200
    assert tool.refuses("token", "revoke", token_id) == f"token {token_id} does not exist"
