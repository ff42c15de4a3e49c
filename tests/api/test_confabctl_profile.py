"""confabctl user profile, user bot"""

import pytest


PICTURE = "https://pictures.example/ann.png"


def test_a_profile_is_shown(tool, user):
    ann = user()
    assert tool("user", "profile", ann.name) == (
        f"User name:    {ann.name}\nDisplay name: {ann.name}\nPicture:      -\n"
        "Language:     -\nBot:          no\n")
    assert tool.json("user", "profile", ann.name) == {
        "user_id": ann.id, "username": ann.name, "display_name": ann.name, "avatar_url": None,
        "locale": None, "is_bot": False}


def test_a_profile_is_changed_and_found(tool, user):
    ann = user()
    changed = tool.json("user", "profile", ann.name, "--display-name", f" Zoë {ann.id} ",
                        "--avatar", PICTURE, "--locale=pt-BR")
    assert changed == {
        "user_id": ann.id, "username": ann.name, "display_name": f"Zoë {ann.id}",
        "avatar_url": PICTURE, "locale": "pt-BR", "is_bot": False}
    me = ann.get("/api/auth/me/").json()
    assert {key: me[key] for key in changed} == changed
    results = ann.get(f"/api/chat/users/?search=zoe%20{ann.id}").json()["results"]
    assert [entry["user_id"] for entry in results] == [ann.id]


def test_an_empty_value_removes(tool, user):
    ann = user()
    tool("user", "profile", ann.name, "--display-name", "Ann", "--avatar", PICTURE)
    after = tool.json("user", "profile", ann.name, "--display-name=", "--avatar", "")
    assert (after["display_name"], after["avatar_url"]) == (ann.name, None)


@pytest.mark.parametrize("option, value, word", [
    ("--display-name", "x" * 65, "64 characters"), ("--display-name", "a\nb", "Control"),
    ("--display-name", b"\xff", "valid"), ("--avatar", "http://pictures.example/", "https://"),
    ("--locale", "de_DE", "language tag")])
def test_what_the_api_refuses_is_refused(tool, user, option, value, word):
    ann = user()
    if isinstance(value, bytes):
        value = value.decode(errors="surrogateescape")
    assert word in tool.refuses("user", "profile", ann.name, option, value)
    assert tool.json("user", "profile", ann.name)["display_name"] == ann.name


def test_pictures_come_from_the_configured_origins(tool, user):
    ann = user()
    said = tool.refuses("user", "profile", ann.name, "--avatar", PICTURE,
                        CONFAB_AVATAR_ORIGINS="https://other.example")
    assert said == "--avatar: Pictures from this address are not allowed here."


def test_a_bot_is_marked(tool, user):
    bot = user()
    assert tool("user", "bot", bot.name, "on") == f"User {bot.name} is a bot.\n"
    results = bot.get(f"/api/chat/users/?ids={bot.id}").json()["results"]
    assert results[0]["is_bot"] is True
    assert tool("user", "bot", bot.name, "off") == f"User {bot.name} is not a bot.\n"
    assert bot.get("/api/auth/me/").json()["is_bot"] is False


@pytest.mark.parametrize("words", [["profile", "nobody-here"], ["bot", "nobody-here", "on"]])
def test_an_unknown_user_is_an_error(tool, words):
    assert tool.refuses("user", *words) == "user 'nobody-here' does not exist"


def test_another_word_than_on_and_off_is_a_usage_error(tool, user):
    assert tool.misuse("user", "bot", user().name, "maybe")[0].endswith(
        "invalid value 'maybe': must be on or off")
