"""Guests: users without a password, who come by a link or a key, and what they may not do."""

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api_key import Program
from support.client import Client, fresh_name
from support.files import post, send
from support.parallel import at_once
from support.shapes import A_TEXT, refusal, wrong
from support.site_tokens import Keys, fresh_sub, settings, token
from support.wait import wait_for

GUEST = "/api/auth/guest/"
ROOMS = "/api/chat/rooms/"
ROOM = "/api/chat/rooms/{}/"


@pytest.fixture(scope="module")
def place(shared, tmp_path_factory):
    keys = Keys(tmp_path_factory.mktemp("keys"))
    return shared(**settings(keys, CONFAB_GUESTS="on", CONFAB_TRUSTED_PROXIES="127.0.0.1, ::1",
                             CONFAB_RATE_LIMITS="off"))


class Scene:
    def __init__(self, place, guests="write", **more):
        self.place = place
        self.admin = Client(place).register()
        self.id = self.admin.room()["room_id"]
        self.path = ROOM.format(self.id)
        self.admin.patch(self.path, json={"guests": guests})
        self.link = self.admin.post(f"{self.path}links/",
                                    json={"role": "member", **more}).json()["link"]

    def enter(self, address=None, name="Ann", **more):
        client = Client(self.place)
        headers = {"X-Forwarded-For": address} if address else {}
        client.answer = client.post(GUEST, headers=headers,
                                    json={"display_name": name, "link": self.link, **more})
        if client.answer.status_code == 201:
            client.token = client.answer.json()["token"]
            client.id = client.answer.json()["user"]["user_id"]
        return client

    def ban(self, client, path=None):
        return self.admin.post(path or f"{self.path}bans/", json={"user_id": client.id})


def fails(answer, status, code):
    assert (answer.status_code, answer.json()) == (status, refusal(code)), answer.text


def test_a_guest_is_in_the_room_at_once(place):
    scene = Scene(place)
    guest = scene.enter()
    assert guest.answer.status_code == 201, guest.answer.text
    assert guest.answer.json().keys() == {"token", "user"}
    user = guest.answer.json()["user"]
    assert (user["display_name"], user["is_guest"]) == ("Ann", True)
    assert guest.say(scene.id, "hello")["sender_id"] == guest.id
    assert scene.admin.get(scene.path).json()["members_count"] == 2
    event = scene.admin.events(scene.id)[-2]
    assert (event["type"], event["user_id"]) == ("user_invited", guest.id)


def test_a_room_says_what_guests_may(place):
    scene = Scene(place, guests="read", max_uses=1)
    guest = scene.enter()
    fails(guest.post(f"{scene.path}messages/", json={"content": "x"}), 403, "read_only")
    assert guest.get(f"{scene.path}messages/").status_code == 200
    fails(scene.enter().answer, 410, "link_used_up")
    fails(Scene(place, guests="none").enter().answer, 403, "no_guests")
    writing = Scene(place)
    other = writing.enter()
    writing.admin.patch(writing.path, json={"guests": "none"})
    fails(other.post(f"{writing.path}messages/", json={"content": "x"}), 403, "read_only")
    answer = writing.admin.patch(f"{writing.path}members/{other.id}/", json={"role": "admin"})
    assert answer.status_code == 403


def test_a_guest_comes_by_the_key_of_a_room(place):
    program = Program(place)
    [made] = program.put("/api/site/rooms/", json={
        "rooms": [{"key": "guests-1", "name": "Post"}]}).json()["results"]
    answer = Client(place).post(GUEST, json={"display_name": "Ann", "key": "guests-1"})
    fails(answer, 403, "no_guests")
    place.sql("UPDATE room SET guests = 2 WHERE room_key = 'guests-1'")
    guest = Client(place)
    answer = guest.post(GUEST, json={"display_name": "Ann", "key": "guests-1"})
    assert answer.status_code == 201, answer.text
    guest.token = answer.json()["token"]
    guest.say(made["room"]["room_id"], "hello")


@pytest.mark.parametrize("body, errors", [
    ({"display_name": "Ann"}, {"link": "required"}),
    ({"link": "x"}, {"display_name": "required"}),
    ({"display_name": "Ann", "link": "x", "key": "y"}, {"key": "conflicting"})])
def test_bad_fields_are_named(place, body, errors):
    answer = Client(place).post(GUEST, json=body)
    assert (answer.status_code, answer.json()) == (400, wrong(**errors))


def test_guests_are_off_unless_allowed(instance):
    fails(Client(instance).post(GUEST, json={"display_name": "Ann", "link": "x"}), 403,
          "guests_off")


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/api/chat/rooms/", {"name": "x"}),
    ("POST", "/api/chat/rooms/direct/", {"user_id": 1}),
    ("POST", "/api/chat/rooms/{room}/files/", {"name": "a", "size": 1, "media_type": "text/plain"}),
    ("POST", "/api/auth/password/", {"old_password": "x", "new_password": "correct horse"})])
def test_what_guests_may_not_do(place, method, path, body):
    scene = Scene(place)
    guest = scene.enter()
    fails(guest.request(method, path.format(room=scene.id), json=body), 403, "not_for_guests")


@pytest.mark.parametrize("address, same, other", [
    ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
    ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")])
@pytest.mark.parametrize("where", ["room", "site"])
def test_a_banned_guest_does_not_come_back_from_the_same_address(place, address, same, other,
                                                                 where):
    scene, elsewhere = Scene(place), Scene(place)
    guest = scene.enter(address)
    if where == "room":
        scene.ban(guest)
    else:
        Program(place).post("/api/site/bans/", json={"user_id": guest.id})
    fails(scene.enter(same).answer, 403, "banned")
    assert scene.enter(other).answer.status_code == 201
    # Nor by way of another room.
    again = elsewhere.enter(same)
    if where == "site":
        fails(again.answer, 403, "banned")
        Program(place).delete(f"/api/site/bans/{guest.id}/")
    else:
        fails(again.post("/api/chat/links/use/", json={"link": scene.link}), 403, "banned")
        scene.admin.delete(f"{scene.path}bans/{guest.id}/")
    assert scene.enter(same).answer.status_code == 201
    assert address not in str(place.sql("SELECT address FROM guest"))


def test_registering_keeps_the_messages(place):
    scene = Scene(place)
    guest = scene.enter()
    message = guest.say(scene.id, "hello")["message_id"]
    name = f"was-guest-{guest.id}"
    old = guest.token
    with ThreadPoolExecutor(2) as threads:
        posting = threads.submit(lambda: Client(place, old).post(
            f"{scene.path}messages/", json={"content": "meanwhile"}).status_code)
        answer = guest.post("/api/auth/register/",
                            json={"username": name, "password": "correct horse"})
        assert posting.result() in (201, 401)
    assert (answer.status_code, answer.json()["user_id"]) == (201, guest.id)
    assert Client(place, old).get("/api/auth/me/").status_code == 401
    guest.token = answer.json()["token"]
    assert "is_guest" not in guest.get("/api/auth/me/").json()
    shown = guest.get(f"{scene.path}messages/{message}/").json()
    assert (shown["sender_id"], shown["sender_username"]) == (guest.id, name)
    assert guest.post("/api/chat/rooms/", json={"name": "x"}).status_code == 201


def test_guests_are_limited_by_address(shared):
    limited = shared(CONFAB_GUESTS="on", CONFAB_RATE_LIMITS="on", CONFAB_RATE_GUESTS="3")
    scene = Scene(limited)
    assert [scene.enter().answer.status_code for _ in range(4)] == [201] * 3 + [429]


# ---- the proof of work ----

BITS = 9


@pytest.fixture(scope="module")
def working(shared):
    return shared(CONFAB_GUESTS="on", CONFAB_GUEST_WORK=str(BITS), CONFAB_RATE_LIMITS="off")


def zero_bits(proof):
    return 256 - int.from_bytes(hashlib.sha256(proof.encode()).digest(), "big").bit_length()


def prove(challenge, fits=lambda bits: bits >= BITS):
    return next(proof for proof in (f"{challenge}:{n}" for n in itertools.count())
                if fits(zero_bits(proof)))


def asks(answer, code):
    """The challenge of a refusal."""
    assert (answer.status_code, answer.json()) == \
        (403, refusal(code, challenge=A_TEXT, bits=BITS)), answer.text
    return answer.json()["challenge"]


def test_a_proof_of_work_lets_one_guest_in(working):
    scene = Scene(working, max_uses=2)
    challenge = asks(scene.enter().answer, "work_required")
    proof = prove(challenge)
    assert scene.enter(work=proof).answer.status_code == 201
    # Neither the same proof, nor another one for the same challenge.
    asks(scene.enter(work=proof).answer, "work_wrong")
    another = asks(scene.enter(work=prove(proof)).answer, "work_wrong")
    assert scene.enter(work=prove(another)).answer.status_code == 201
    # A link that is unknown takes work to find out, too.
    scene.link = "0" * 40
    challenge = asks(scene.enter().answer, "work_required")
    fails(scene.enter(work=prove(challenge)).answer, 404, "not_found")
    asks(scene.enter(work=prove(challenge)).answer, "work_wrong")


def test_of_many_with_one_proof_one_enters(working):
    scene = Scene(working)
    proof = prove(asks(scene.enter().answer, "work_required"))
    answers = at_once([lambda: scene.enter(work=proof).answer.status_code] * 6)
    assert sorted(answers) == [201] + [403] * 5


@pytest.mark.parametrize("change", [
    lambda challenge: prove(challenge, lambda bits: bits < BITS),
    lambda challenge: "x", lambda challenge: ":",
    lambda challenge: prove(f"1{challenge}"),
    lambda challenge: prove(challenge[:-1] + ("0" if challenge[-1] != "0" else "1")),
    lambda challenge: prove(challenge.rsplit(".", 1)[0])])
def test_wrong_work_is_refused_with_a_new_challenge(working, change):
    scene = Scene(working)
    challenge = asks(scene.enter().answer, "work_required")
    assert asks(scene.enter(work=change(challenge)).answer, "work_wrong") != challenge


# ---- becoming a user ----

def cookie_of(client):
    """A client with the cookie of the user instead of the token, on a page of the site."""
    browser = Client(client.instance)
    answer = browser.post("/api/auth/login/",
                          headers={"Authorization": f"Token {client.token}"})
    assert answer.status_code == 200, answer.text
    browser.id = client.id
    return browser


def origin(place):
    return {"Origin": place.url}


@pytest.mark.parametrize("by", ["token", "cookie"])
def test_coming_by_a_signed_token_keeps_the_messages(place, by):
    scene, sub, name = Scene(place), fresh_sub(), fresh_name("site")
    guest = scene.enter()
    message = guest.say(scene.id, "hello")["message_id"]
    old = guest.token
    client = guest if by == "token" else cookie_of(guest)
    answer = client.post("/api/auth/jwt/", headers=origin(place), json={
        "jwt": token(sub=sub, preferred_username=name)})
    assert (answer.status_code, answer.json()["user"]["user_id"]) == (200, guest.id), answer.text
    user = answer.json()["user"]
    assert (user["username"], "is_guest" in user) == (name, False)
    assert Client(place, old).get("/api/auth/me/").status_code == 401
    assert client.get("/api/auth/me/", headers={"Authorization": None}).status_code == 401
    now = Client(place, answer.json()["token"])
    assert now.get(f"{scene.path}messages/{message}/").json()["sender_username"] == name
    assert now.post("/api/chat/rooms/", json={"name": "x"}).status_code == 201
    assert place.sql("SELECT COUNT(*) FROM guest WHERE user_id = ?", guest.id) == [(0,)]
    # The next token is of the same user, wherever it comes from.
    again = Client(place).post("/api/auth/jwt/", json={"jwt": token(sub=sub)})
    assert again.json()["user"]["user_id"] == guest.id


def test_a_site_user_who_is_known_stays_apart_from_the_guest(place):
    scene, sub = Scene(place), fresh_sub()
    known = Client(place).post("/api/auth/jwt/", json={"jwt": token(sub=sub)}).json()["user"]
    guest = scene.enter()
    answer = guest.post("/api/auth/jwt/", json={"jwt": token(sub=sub)})
    assert (answer.status_code, answer.json()["user"]) == (200, known)
    assert guest.get("/api/auth/me/").json()["is_guest"] is True
    assert guest.say(scene.id, "still here")["sender_id"] == guest.id
    assert Client(place, answer.json()["token"]).get(scene.path).status_code == 404


def test_a_guest_of_a_taken_name_gets_another(place):
    scene, name = Scene(place), fresh_name("site")
    Client(place).register(name)
    guest = scene.enter()
    user = guest.post("/api/auth/jwt/", json={
        "jwt": token(preferred_username=name)}).json()["user"]
    assert (user["user_id"], user["username"]) == (guest.id, f"{name}-{guest.id}")


def test_of_two_guests_with_one_signed_token_one_becomes_the_user(place):
    scene, sub = Scene(place), fresh_sub()
    guests = [scene.enter(), scene.enter()]
    answers = at_once([lambda guest=guest: guest.post(
        "/api/auth/jwt/", json={"jwt": token(sub=sub)}) for guest in guests])
    ids = {answer.json()["user"]["user_id"] for answer in answers}
    assert [answer.status_code for answer in answers] == [200, 200] and len(ids) == 1
    assert ids < {guest.id for guest in guests}


@pytest.mark.parametrize("page, is_kept", [("", True), ("https://elsewhere.example", False),
                                           (None, False)])
def test_the_cookie_of_a_guest_counts_on_pages_of_the_site(place, page, is_kept):
    scene = Scene(place)
    guest = scene.enter()
    headers = {} if page is None else {"Origin": page or place.url}
    answer = cookie_of(guest).post("/api/auth/register/", headers=headers, json={
        "username": fresh_name(), "password": "correct horse"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["user_id"] == guest.id) == is_kept


# ---- the end ----

def test_guests_who_do_not_come_are_erased_and_their_messages_stay(place):
    scene = Scene(place)
    gone, seen = scene.enter(name="Gone"), scene.enter(name="Seen")
    message = gone.say(scene.id, "hello")["message_id"]
    for guest, days in ((gone, "30.1"), (seen, "29.9")):
        place.sql(f"UPDATE guest SET seen_at = SYSDATE(6) - INTERVAL {days} * 86400 SECOND "
                  "WHERE user_id = ?", guest.id)

    def is_erased():
        assert place.confabctl("events", "purge").returncode == 0
        return not place.sql("SELECT user_id FROM erasure")
    assert place.confabctl("events", "purge").returncode == 0
    wait_for(is_erased, 60, "the end of the erasure")
    assert gone.get("/api/auth/me/").status_code == 401
    assert seen.get("/api/auth/me/").json()["display_name"] == "Seen"
    shown = scene.admin.get(f"{scene.path}messages/{message}/").json()
    assert (shown["content"], shown["sender_username"]) == ("hello", f"deleted-{gone.id}")
    assert place.sql("SELECT user_id FROM guest WHERE user_id IN (?, ?)", gone.id,
                     seen.id) == [(seen.id,)]
    assert "Gone" not in str(place.sql("SELECT * FROM user"))


# ---- other users ----

USERS = "/api/chat/users/"


def profiles(client, *others):
    answer = client.get(USERS, params={"ids": ",".join(str(other.id) for other in others)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(answer.json()["results"])
    return [profile["user_id"] for profile in answer.json()["results"]]


def test_a_guest_cannot_list_the_users_of_the_site(place):
    scene = Scene(place)
    guest = scene.enter()
    for query in ({}, {"search": scene.admin.name}, {"after": "a"}, {"offset": 5}):
        fails(guest.get(USERS, params=query), 403, "not_for_guests")


def test_a_guest_gets_profiles_of_those_in_its_rooms_only(place):
    scene, other = Scene(place), Scene(place)
    guest, neighbour, far = scene.enter(), scene.enter(name="Bob"), other.enter()
    assert profiles(guest, far, neighbour, other.admin, scene.admin, guest) == [
        neighbour.id, scene.admin.id, guest.id]
    # Where only moderators see the members, a guest cannot try ids.
    scene.admin.patch(scene.path, json={"members_visible": False})
    assert profiles(guest, neighbour, scene.admin, guest) == [guest.id]
    assert profiles(scene.admin, far, neighbour) == [far.id, neighbour.id]


def test_a_guest_cannot_learn_the_names_of_users_by_blocking_them(place):
    scene, other = Scene(place), Scene(place)
    guest, silent = scene.enter(), scene.enter(name="Silent")

    def block(client):
        return guest.post("/api/chat/blocks/", json={"user_id": client.id})
    for far in (other.admin, other.enter()):
        answer = block(far)
        assert (answer.status_code, answer.json()) == (400, wrong(user_id="does_not_exist"))
    answer = block(guest)
    assert (answer.status_code, answer.json()) == (400, wrong(user_id="own_user"))
    assert block(scene.admin).status_code == 201
    # Where only moderators see the members, those who write are seen.
    scene.admin.patch(scene.path, json={"members_visible": False})
    assert block(silent).status_code == 400
    silent.say(scene.id, "not silent")
    assert block(silent).json()["username"] == silent.answer.json()["user"]["username"]
    assert guest.get("/api/chat/blocks/").json()["count"] == 2


# ---- public rooms ----

def test_a_guest_does_not_see_public_rooms_that_take_no_guests(place):
    guest = Scene(place).enter()
    admin = Client(place).register()
    room = admin.room(is_private=False)["room_id"]
    admin.say(room, "for users only")
    path = ROOM.format(room)
    key = f"news-{room}"
    place.sql("UPDATE room SET room_key = ? WHERE room_id = ?", key, room)

    def by_key():
        return guest.get(ROOMS, params={"key": key}).json()["count"]
    fails(guest.get(ROOMS, params={"public": 1}), 403, "not_for_guests")
    for is_live in (False, True):
        admin.patch(path, json={"is_live": is_live})
        for ask in (guest.get(path), guest.get(f"{path}messages/"), guest.get(f"{path}events/"),
                    guest.get(f"{path}presence/"), guest.post(f"{path}join/"),
                    guest.get(f"{path}members/")):
            fails(ask, 404, "not_found")
        assert by_key() == 0
        with guest.socket(room) as live:
            assert live.closed() == 4404
    # Rooms for guests, and open ones, are seen.
    admin.patch(path, json={"guests": "read"})
    assert (guest.get(path).status_code, by_key()) == (200, 1)
    assert guest.get(f"{path}messages/").json()["count"] == 1, "it is live"
    admin.patch(path, json={"guests": "none", "is_live": False, "is_open": True})
    assert (guest.get(path).status_code, guest.get(f"{path}messages/").json()["count"]) == (200, 1)
    admin.patch(path, json={"guests": "write", "is_open": False})
    assert guest.post(f"{path}join/").status_code == 201
    admin.patch(path, json={"guests": "none"})
    assert guest.get(f"{path}messages/").status_code == 200, "a member stays one"


def test_a_live_room_that_takes_no_guests_any_more_ends_their_sockets(place):
    guest = Scene(place).enter()
    admin, other = Client(place).register(), Client(place).register()
    room = admin.room(is_private=False)["room_id"]
    admin.patch(ROOM.format(room), json={"is_live": True, "guests": "read"})
    with guest.socket(room) as live, other.socket(room) as stays:
        for socket in (live, stays):
            assert socket.next()["type"] == "connected"
        admin.patch(ROOM.format(room), json={"guests": "none"})
        assert live.until("room_updated")["room"]["guests"] == "none"
        assert live.closed() == 4403
        admin.say(room, "for users")
        assert stays.until("new_message")["message"]["content"] == "for users"


def test_a_guest_deletes_its_messages_also_of_a_room_that_takes_no_guests_any_more(place):
    scene = Scene(place)
    scene.admin.patch(scene.path, json={"is_private": False})
    guest = scene.enter()
    own, other = (client.say(scene.id)["message_id"] for client in (guest, scene.admin))
    scene.admin.patch(scene.path, json={"guests": "none"})
    assert guest.post(f"{scene.path}remove_member/", json={"user_id": guest.id}).status_code == 204
    assert guest.get(scene.path).status_code == 404
    assert guest.delete(f"{scene.path}messages/{own}/").status_code == 204
    for message in (other, 2 ** 40):
        fails(guest.delete(f"{scene.path}messages/{message}/"), 404, "not_found")


def test_a_file_with_the_number_of_a_room_without_guests_is_shown_to_guests(place):
    scene = Scene(place)
    guest = scene.enter()
    file = send(scene.admin, {"room_id": scene.id})
    assert post(scene.admin, {"room_id": scene.id}, [file["file_id"]]).status_code == 201
    hidden = scene.admin.room(is_private=False)["room_id"]
    place.sql("UPDATE file SET file_id = ? WHERE file_id = ?", hidden, file["file_id"])
    assert guest.get(f"/api/chat/files/{hidden}/cat.png").status_code == 200
    assert guest.get(ROOM.format(hidden)).status_code == 404


def test_a_key_that_no_room_has_is_refused_like_one_of_a_room_without_guests(place):
    admin, client = Client(place).register(), Client(place)
    room = admin.room()["room_id"]
    place.sql("UPDATE room SET room_key = ? WHERE room_id = ?", f"plan-{room}", room)
    answers = [client.post(GUEST, json={"display_name": "Ann", "key": key})
               for key in (f"plan-{room}", f"plan-{room}-none")]
    assert answers[0].json() == answers[1].json()
    fails(answers[0], 403, "no_guests")
