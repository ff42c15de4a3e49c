"""Profiles: /api/auth/me/, /api/chat/users/?ids=, and where names and pictures are shown."""

import re
import secrets

import pytest

from support.answers import assert_error
from support.client import Client, fresh_name
from support.confabctl import hold_housekeeping
from support.counters import spent
from support.rooms import ROOMS, url
from support.shapes import a_member, a_membership, a_page, a_profile, wrong
from support.sockets import assert_let_in, in_room, person

ME = "/api/auth/me/"
USERS = "/api/chat/users/"
PICTURE = "https://pictures.example/ann.png?s=80"


def change(client, **fields):
    answer = client.patch(ME, json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client, **fields):
    """The fields of a refused change."""
    answer = client.patch(ME, json=fields)
    assert answer.status_code == 400, (fields, answer.text)
    return sorted(answer.json().keys() - {"codes"})


def profiles(client, *ids):
    answer = client.get(USERS, params={"ids": ",".join(map(str, ids))})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


# ---- one's own ----

def test_a_new_user_is_shown_by_the_user_name(user):
    new = user()
    me = new.get(ME).json()
    assert (me["display_name"], me["avatar_url"], me["locale"], me["is_bot"]) == (
        new.name, None, None, False)


@pytest.mark.everywhere
def test_a_change_is_shown_at_once(user):
    new = user()
    before = new.get(ME).json()
    after = change(new, display_name="  Zoë Müller ", avatar_url=PICTURE, locale="pt-BR")
    assert after == {**before, "display_name": "Zoë Müller", "avatar_url": PICTURE,
                     "locale": "pt-BR"}
    assert new.get(ME).json() == after


def test_what_is_not_given_stays_and_null_removes(user):
    new = user()
    change(new, display_name="Ann", avatar_url=PICTURE, locale="de")
    assert change(new)["display_name"] == "Ann"
    me = change(new, avatar_url=None)
    assert (me["display_name"], me["avatar_url"], me["locale"]) == ("Ann", None, "de")
    me = change(new, display_name=None, locale=None)
    assert (me["display_name"], me["locale"]) == (new.name, None)


def test_a_login_answers_with_the_profile(user):
    new = user()
    change(new, display_name="Ann")
    answer = Client(new.instance).post("/api/auth/login/", json={
        "username": new.name, "password": new.password})
    assert answer.json() == new.get(ME).json()


def test_users_cannot_make_themselves_bots_or_staff(user):
    new = user()
    me = change(new, is_bot=True, is_staff=True, username="other", user_id=1)
    assert (me["is_bot"], me["is_staff"], me["username"], me["user_id"]) == (
        False, False, new.name, new.id)


@pytest.mark.parametrize("name", [
    "", "   ", "x" * 65, "a\nb", "a\u0000b", "\u202eevil", "a\u2067b", "\u200b\u200d", "\u3164",
    "\u0301", True, [], {}, "\ud800"])
def test_names_that_cannot_be_shown_are_refused(user, name):
    new = user()
    answer = new.patch(ME, json={"display_name": name})
    assert answer.status_code == 400
    assert new.get(ME).json()["display_name"] == new.name


@pytest.mark.parametrize("name", ["x" * 64, "\U0001f600" * 64, "田中 太郎", "O'Brien <b>&\"",
                                  "علی\u200cرضا", "\U0001f469\u200d\U0001f4bb", "Zoe\u0308"])
def test_names_of_all_scripts_are_kept_as_they_are(user, name):
    new = user()
    assert change(new, display_name=name)["display_name"] == name
    assert profiles(new, new.id)[0]["display_name"] == name


@pytest.mark.parametrize("address", [
    "", "a.png", "http://pictures.example/a.png", "//pictures.example/a.png", "https://",
    "javascript:alert(1)", "data:image/png;base64,AA", "https://user@pictures.example/",
    "https://pictures.example/a b", "https://pictures.example/\nx", "https://pictures.example/\"",
    "https://pictures.example/" + "a" * 488, "https://pictures.example/" + "ä" * 250, 5, False])
def test_pictures_that_are_no_https_address_are_refused(user, address):
    assert refused(user(), avatar_url=address) == ["avatar_url"]


def test_a_picture_of_512_bytes_is_kept(user):
    address = "https://pictures.example/" + "a" * 487
    ann = user()
    assert change(ann, avatar_url=address)["avatar_url"] == address
    for longer in (address + "a", "https://pictures.example/" + "ä" * 244):
        assert ann.patch(ME, json={"avatar_url": longer}).json() == wrong(avatar_url="max_length")


@pytest.mark.parametrize("tag", ["", "d", "de_DE", "de-", "deutschland", "1", "de;q=1", "-",
                                 "de-" + "-".join(["abcdefgh"] * 4), {}])
def test_languages_that_are_no_tag_are_refused(user, tag):
    assert refused(user(), locale=tag) == ["locale"]


def test_all_wrong_fields_are_reported_and_nothing_is_changed(user):
    new = user()
    assert refused(new, display_name="\n", avatar_url="x", locale="?") == [
        "avatar_url", "display_name", "locale"]
    assert refused(new, display_name="Ann", locale="?") == ["locale"]
    assert new.get(ME).json()["display_name"] == new.name


@pytest.mark.everywhere
def test_a_change_by_override_of_the_method(user):
    new = user()
    answer = new.post(ME, json={"display_name": "By override"},
                      headers={"X-HTTP-Method-Override": "PATCH"})
    assert (answer.status_code, answer.json()["display_name"]) == (200, "By override")


def test_with_a_cookie_a_foreign_page_changes_nothing(user):
    new = user()
    browser = new.browser()
    for origin in ({}, {"Origin": "https://evil.example"}):
        answer = browser.patch(ME, json={"display_name": "Evil"}, headers=origin)
        assert answer.status_code == 403
    assert new.get(ME).json()["display_name"] == new.name


def test_the_same_profile_again_writes_nothing(shared):
    system = shared(CONFAB_PROFILE_EDIT="on", CONFAB_PROCESSES=1)
    new = Client(system).register()
    change(new, display_name="Ann Lee", avatar_url=PICTURE, locale="de")
    hold_housekeeping(system)
    writes = ("Handler_write", "Handler_update", "Handler_delete")

    def change_nothing():
        change(new, display_name=" Ann Lee", avatar_url=PICTURE, locale="de")
        change(new, locale="de")
    assert spent(system, change_nothing, *writes) == 0
    assert spent(system, lambda: change(new, locale="fr"), *writes, times=1) > 0


@pytest.mark.slow("an instance of its own")
def test_profiles_of_the_site_are_not_changed_by_users(shared):
    system = shared(CONFAB_PROFILE_EDIT="off")
    new = Client(system).register()
    for fields in ({"display_name": "Ann"}, {"locale": None}, {"avatar_url": 5}, {}):
        answer = new.patch(ME, json=fields)
        assert_error(answer, 403)
        assert answer.json()["code"] == "profile_from_site"
    assert new.get(ME).json()["display_name"] == new.name


@pytest.mark.slow("an instance of its own")
@pytest.mark.parametrize("address, status", [
    ("https://pictures.example/a.png", 200), ("https://pictures.example:443/a.png", 200),
    ("https://www.example.org:8443/a", 200), ("https://www.example.org/a", 400),
    ("https://pictures.example.evil.example/", 400), ("https://evil.example/", 400)])
def test_pictures_come_from_the_configured_origins(shared, address, status):
    system = shared(CONFAB_AVATAR_ORIGINS="https://pictures.example, https://www.example.org:8443")
    new = Client(system).register()
    answer = new.patch(ME, json={"avatar_url": address})
    assert answer.status_code == status, answer.text


# ---- by id ----

def test_profiles_come_in_the_order_of_the_ids(user):
    ann, bob, cas = user(), user(), user()
    change(bob, display_name="Bob", avatar_url=PICTURE)
    assert profiles(ann, cas.id, 10**15, bob.id, ann.id, cas.id) == [
        a_profile(cas), a_profile(bob, display_name="Bob", avatar_url=PICTURE), a_profile(ann)]


def test_profiles_are_a_list_without_other_pages(user):
    ann = user()
    answer = ann.get(USERS, params={"ids": ann.id, "limit": 1, "offset": 7, "search": "nobody"})
    assert (answer.status_code, answer.json()) == (200, a_page([a_profile(ann)]))
    assert ann.get(USERS, params={"ids": ""}).json() == a_page([])


def test_disabled_users_have_profiles_since_their_messages_are_shown(instance, user):
    ann, gone = user(), user()
    change(gone, display_name="Gone")
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", gone.id)
    assert profiles(ann, gone.id) == [a_profile(gone, display_name="Gone")]


@pytest.mark.parametrize("ids", ["x", "1,x", "0", "-1", "1.5", "1,,2", ",1", "1,", ",", "1 2", "+1",
                                 str(2**64), "1;2", "%ff", "%zz"])
def test_ids_that_are_no_numbers_are_400(instance, user, ids):
    assert_error(instance.fcgi(f"{USERS}?ids={ids}", token=user().token), 400, ["ids"])


def test_there_are_at_most_200_ids(user):
    ann = user()
    ids = [*range(10**12, 10**12 + 199), ann.id]
    assert profiles(ann, *ids) == [a_profile(ann)]
    answer = ann.get(USERS, params={"ids": ",".join(map(str, [1, *ids]))})
    assert_error(answer, 400, ["ids"])


@pytest.mark.everywhere
def test_profiles_may_be_kept_for_a_minute_and_are_then_compared_by_tag(user):
    ann = user()
    path = f"{USERS}?ids={ann.id}"
    answer = ann.get(path)
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert re.fullmatch(r'W/"[0-9a-z]+"', answer.headers["ETag"])
    assert "Cookie" in answer.headers["Vary"]
    tag = {"If-None-Match": answer.headers["ETag"]}
    again = ann.get(path, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "private, max-age=60"
    change(ann, display_name="Ann")
    again = ann.get(path, headers=tag)
    assert (again.status_code, again.json()["results"]) == (
        200, [a_profile(ann, display_name="Ann")])


def test_what_a_browser_keeps_names_no_user(user):
    """The next user of the browser may be shown it."""
    ann = user()
    assert "X-Confab-User-Id" not in ann.get(f"{USERS}?ids={ann.id}").headers
    assert "X-Confab-User-Id" in ann.get(USERS).headers
    assert "X-Confab-User-Id" in ann.get(f"{USERS}?ids=x").headers


def test_other_lists_of_users_are_not_kept(user):
    answer = user().get(USERS)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers


# ---- finding ----

def found(client, search, **more):
    answer = client.get(USERS, params={"search": search, "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    return [entry["username"] for entry in answer.json()["results"]]


@pytest.fixture
def word():
    """A word with which no other name begins."""
    return "w" + secrets.token_hex(4)


NAME = "{0} van der {0}len Zoë{0} O'B{0}"


@pytest.mark.parametrize("search", ["{0}", "{0} ", "{0} van d", "VAN DER {0}LEN", "zoë{0}", "ZOE{0}",
                                    "zoe\u0308{0}", "B{0}", "o'b{0}", "{0}len"])
def test_a_search_finds_the_words_of_display_names(user, word, search):
    ann = user()
    change(ann, display_name=NAME.format(word))
    assert found(ann, search.format(word)) == [ann.name]


@pytest.mark.parametrize("search", ["an der {0}", "en {0}", "{0}van", "'b{0}", "{0}%",
                                    "{0}_van", " {0}", "{0}  van"])
def test_a_search_does_not_find_the_middle_of_words(user, word, search):
    ann = user()
    change(ann, display_name=NAME.format(word))
    assert found(ann, search.format(word)) == []


@pytest.mark.parametrize("name, search", [
    ("Straße {0}", "STRASSE {0}"), ("Łukasz{0}", "łukasz{0}"), ("ÅSA{0}", "asa{0}"),
    ("Ёлка{0}", "ЁЛКА{0}"), ("Ελένη{0}", "ελενη{0}"), ("田中{0}", "田中"), ("\U0001f600{0}", "\U0001f600{0}"),
    ("{0}-lee", "lee"), ("(({0}))", "{0}"), ("(({0}))", "(({0}")])
def test_a_search_ignores_case_and_accents_of_all_scripts(user, word, name, search):
    ann, other = user(), user()
    change(ann, display_name=name.format(word))
    change(other, display_name="\U0001f601x" + word)
    assert ann.name in found(ann, search.format(word))
    assert other.name not in found(ann, search.format(word))


def test_a_search_finds_the_words_of_user_names(user, word):
    ann = user(f"a_{word}.x{word[1:]}")
    assert found(ann, word) == found(ann, f"X{word[1:]}") == found(ann, f"{word}.x") == [ann.name]
    assert found(ann, f"a_{word}") == [ann.name]
    assert found(ann, f"_{word}") == found(ann, f".x{word[1:]}") == []


def test_each_user_is_found_once_and_by_name(user, word):
    people = [user(f"{word}-{letter}") for letter in "cab"]
    change(people[0], display_name=f"{word} {word} {word}")
    change(people[2], display_name=f"z {word}")
    names = sorted(client.name for client in people)
    assert found(people[0], word) == names
    answer = people[0].get(USERS, params={"search": word, "limit": 1}).json()
    assert answer["count"] == 3
    pages = [answer]
    while pages[-1]["next"]:
        pages.append(people[0].get(pages[-1]["next"].removeprefix(
            people[0].instance.url)).json())
    assert [page["results"][0]["username"] for page in pages] == names
    back = people[0].get(pages[-1]["previous"].removeprefix(people[0].instance.url)).json()
    assert [each["username"] for each in back["results"]] == names[1:2]
    assert back["previous"] and back["next"]
    assert found(people[0], word, offset=1) == names[1:]


def test_a_changed_name_is_found_by_its_new_words_only(user, word):
    ann = user()
    change(ann, display_name=f"old{word} both{word}")
    change(ann, display_name=f"new{word} both{word}")
    assert [found(ann, part + word) for part in ("old", "new", "both")] == [
        [], [ann.name], [ann.name]]
    change(ann, display_name=None)
    assert found(ann, "new" + word) == []


def test_disabled_users_are_not_found(instance, user, word):
    ann, gone = user(), user()
    change(gone, display_name=f"Gone {word}")
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", gone.id)
    answer = ann.get(USERS, params={"search": word}).json()
    assert (answer["count"], answer["results"]) == (0, [])


@pytest.mark.slow("stores 10,000 names")
def test_words_beyond_10000_cost_nothing_more(shared):
    system = shared(CONFAB_REGISTRATION="open")
    ann = Client(system).register()
    stem = fresh_name("d").replace("-", "q")

    def cost(first, last):
        """The rows that a search reads once there are these users too."""
        system.sql("INSERT INTO user (username, password_hash, created_at, display_name) "
                   "SELECT CONCAT('x', ?, seq), '', SYSDATE(6), CONCAT(?, ' ', seq) "
                   f"FROM seq_{first}_to_{last}", stem[-12:], stem)
        system.sql("INSERT IGNORE INTO user_word (word, user_id) SELECT display_name, user_id "
                   "FROM user WHERE display_name LIKE ?", stem + " %")

        def search():
            answer = ann.get(USERS, params={"search": stem}).json()
            assert (answer["count"], len(answer["results"])) == (None, 50)
        return spent(system, search, "Handler_read_next", "Handler_read_key", "Sort_rows",
                     "Handler_read_rnd_next", "Handler_read_rnd")

    assert cost(1, 12000) * 1.1 > cost(12001, 24000)
    assert len(found(ann, stem + " 1199")) == 11


# ---- where names and pictures are shown ----

@pytest.fixture
def known(user):
    """(an admin with a profile, another member with one, the room)"""
    ann, bob = user(), user()
    change(ann, display_name="Ann", avatar_url=PICTURE)
    change(bob, display_name="Bob")
    room = ann.room()
    ann.invite(room["room_id"], bob)
    return ann, bob, room


def test_members_are_shown_with_names_and_pictures(known):
    ann, bob, room = known
    first, second = ann.get(url(room, "members/")).json()["results"]
    assert first == a_member(user_id=ann.id, username=ann.name, display_name="Ann",
                             avatar_url=PICTURE, is_admin=True)
    assert second == a_member(user_id=bob.id, username=bob.name, display_name="Bob")


def test_a_changed_profile_changes_the_tag_of_members(known):
    ann, bob, room = known
    tag = {"If-None-Match": ann.get(url(room, "members/")).headers["ETag"]}
    assert ann.get(url(room, "members/"), headers=tag).status_code == 304
    change(bob, locale="de")
    assert ann.get(url(room, "members/"), headers=tag).status_code == 304
    change(bob, avatar_url=PICTURE)
    answer = ann.get(url(room, "members/"), headers=tag)
    assert (answer.status_code, answer.json()["results"][1]["avatar_url"]) == (200, PICTURE)


def test_answers_with_a_membership_show_the_member(known, user):
    ann, bob, room = known
    cas = user()
    change(cas, display_name="Cas", avatar_url=PICTURE)
    expected = a_membership(user_id=cas.id, display_name="Cas", avatar_url=PICTURE)
    for status in (201, 200):
        answer = ann.post(url(room, "invite/"), json={"user_id": cas.id})
        assert (answer.status_code, answer.json()) == (status, expected)
    answer = ann.patch(url(room, f"members/{bob.id}/"), json={"is_admin": True})
    assert answer.json() == a_membership(user_id=bob.id, display_name="Bob", is_admin=True)
    public = ann.room(is_private=False)
    answer = cas.post(url(public, "join/"))
    assert (answer.status_code, answer.json()) == (201, {**expected,
                                                         "membership_id": answer.json()["membership_id"],
                                                         "room_id": public["room_id"]})


def test_events_with_a_membership_show_the_member_as_now(known):
    ann, bob, room = known
    with in_room(bob, room["room_id"]) as live:
        ann.patch(url(room, f"members/{bob.id}/"), json={"is_admin": True})
        event = live.until("member_updated")
    assert event["membership"] == a_membership(user_id=bob.id, display_name="Bob", is_admin=True)
    assert ann.events(room["room_id"])[-1] == event
    change(bob, display_name="Robert")
    assert ann.events(room["room_id"])[-1]["membership"]["display_name"] == "Robert"


def test_messages_keep_the_user_name(known):
    ann, _, room = known
    said = ann.say(room["room_id"])
    assert said["sender_username"] == ann.name
    assert ann.events(room["room_id"])[-1]["sender"] == ann.name
    assert "display_name" not in said


def test_users_online_are_shown_with_names_and_pictures(known):
    ann, bob, room = known
    shown = [person(ann, display_name="Ann", avatar_url=PICTURE), person(bob, display_name="Bob")]
    with ann.socket(room["room_id"]) as first, bob.socket(room["room_id"]) as second:
        assert assert_let_in(first)["online"] == shown[:1]
        assert sorted(assert_let_in(second)["online"], key=lambda each: each["user_id"]) == shown
        answer = ann.get(url(room, "presence/")).json()
        assert sorted(answer["online"], key=lambda each: each["user_id"]) == shown


def test_a_changed_name_is_shown_to_the_next_socket(known):
    ann, bob, room = known
    with in_room(ann, room["room_id"]):
        change(ann, display_name="Anne")
        with bob.socket(room["room_id"]) as live:
            names = {each["display_name"] for each in assert_let_in(live)["online"]}
    assert names == {"Anne", "Bob"}


def test_a_list_of_rooms_needs_no_profile(known):
    ann, bob, _ = known
    answer = ann.post(ROOMS + "direct/", json={"user_id": bob.id})
    assert (answer.status_code, answer.json()["name"]) == (201, bob.name)
