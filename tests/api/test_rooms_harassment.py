"""What keeps a user from being followed: limits of invitations and rooms, an hour without invitations
after leaving, hidden direct rooms, and deleting one's own messages after leaving."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.answers import assert_error
from support.client import Client
from support.files import FILES, announce
from support.limits import assert_429, until_429
from support.parallel import at_once, twin
from support.shapes import a_view
from support.sql_session import SqlSession, lock_waits
from support.unavailable import killed
from support.wait import wait_for

DIRECT = "/api/chat/rooms/direct/"
ROOMS = "/api/chat/rooms/"


@pytest.fixture(scope="module")
def site(make_instance):
    return make_instance(CONFAB_RATE_LIMITS="on", CONFAB_RATE_REGISTRATIONS=100000,
                         CONFAB_MAX_ROOMS_USER=30, CONFAB_RATE_REPORTS=3)


@pytest.fixture(scope="module")
def crowd(site):
    """Users of the site to be invited."""
    return [Client(site).register() for _ in range(30)]


@pytest.fixture
def bully(site):
    return Client(site).register()


def invite(client, room, other):
    return client.post(f"{ROOMS}{room}/invite/", json={"user_id": other.id})


def remove(client, room, other):
    return client.post(f"{ROOMS}{room}/remove_member/", json={"user_id": other.id})


def listed(client, **params):
    page = client.get(ROOMS, params=params).json()
    return page["count"], [room["room_id"] for room in page["results"]]


# ---- rates ----

def test_invitations_are_limited(bully, crowd):
    room = bully.room()["room_id"]
    invited = iter(crowd)
    count, answer = until_429(lambda: invite(bully, room, next(invited)), 30)
    assert count == 20
    assert_429(answer)


def test_new_direct_rooms_are_invitations_and_standing_ones_are_not(bully, crowd):
    invited = iter(crowd)
    count, _ = until_429(lambda: bully.post(DIRECT, json={"user_id": next(invited).id}), 30)
    assert count == 20
    assert bully.post(DIRECT, json={"user_id": crowd[0].id}).status_code == 200
    room = bully.room()["room_id"]
    assert_429(invite(bully, room, crowd[0]))


def test_an_invitation_without_effect_does_not_count(bully, crowd):
    room = bully.room()["room_id"]
    assert invite(bully, room, crowd[0]).status_code == 201
    for _ in range(30):
        assert invite(bully, room, crowd[0]).status_code == 200
        assert bully.post(f"{ROOMS}{room}/invite/", json={"user_id": 10 ** 12}).status_code == 400
        assert bully.post(DIRECT, json={"user_id": bully.id}).status_code == 400
    assert invite(bully, room, crowd[1]).status_code == 201


def test_new_rooms_are_limited(bully):
    count, answer = until_429(lambda: bully.post(ROOMS, json={"name": "x"}), 25)
    assert count == 20
    assert_429(answer)
    assert int(answer.headers["Retry-After"]) > 3600


def test_reports_are_limited_and_repeated_ones_do_not_count(bully):
    room = bully.room()["room_id"]
    path = f"{ROOMS}{room}/messages/{{}}/report/"
    messages = [path.format(bully.say(room)["message_id"]) for _ in range(4)]
    spam = {"reason": "spam"}
    for message in [*messages[:2], *messages[:1] * 5, messages[2]]:
        assert bully.post(message, json=spam).status_code in (200, 201)
    assert_429(bully.post(messages[3], json=spam))


@pytest.mark.parametrize("change", ["join", "leave", "rename", "role", "silence", "ban", "file",
                                    "done"])
def test_events_of_a_room_count_as_messages(tight_limits, change):
    alice, bob = (Client(tight_limits).register() for _ in range(2))
    room = alice.room(is_private=False)["room_id"]
    path = f"{ROOMS}{room}/"
    ask = {"join": lambda client: client.post(f"{path}join/"),
           "leave": lambda client: remove(client, room, bob),
           "rename": lambda client: client.patch(path, json={"name": "x"}),
           "role": lambda client: client.patch(f"{path}members/{alice.id}/", {"is_admin": True}),
           "silence": lambda client: client.delete(f"{path}silence/", json={"user_id": bob.id}),
           "ban": lambda client: client.delete(f"{path}bans/{bob.id}/"),
           "file": lambda client: announce(client, {"room_id": room}),
           "done": lambda client: client.post(f"{FILES}{file_id}/done/")}[change]
    file_id = announce(alice, {"room_id": room}).json()["file_id"] if change == "done" else None
    answers = at_once([lambda: ask(twin(alice)) for _ in range(10)])
    assert 429 in [answer.status_code for answer in answers]


def test_without_redis_the_database_counts_invitations(site, bully, crowd):
    with killed(site):
        room = bully.room()["room_id"]
        invited = iter(crowd)
        count, _ = until_429(lambda: invite(bully, room, next(invited)), 30)
        assert count == 20


# ---- the number of rooms ----

def test_a_user_in_the_most_rooms_gets_no_further_one(site, bully, crowd):
    user, public = Client(site).register(), bully.room(is_private=False)["room_id"]
    own = user.room()["room_id"]
    site.sql("UPDATE user SET rooms_count = 30 WHERE user_id = ?", user.id)
    assert_error(user.post(ROOMS, json={"name": "one more"}), 403)
    assert_error(user.post(f"{ROOMS}{public}/join/"), 403)
    assert_error(invite(bully, public, user), 403)
    assert_error(user.post(DIRECT, json={"user_id": crowd[0].id}), 403)
    site.sql("UPDATE user SET rooms_count = 29 WHERE user_id = ?", user.id)
    assert user.post(f"{ROOMS}{public}/join/").status_code == 201
    assert_error(user.post(ROOMS, json={"name": "one more"}), 403)
    assert user.post(f"{ROOMS}{public}/join/").status_code == 200
    assert remove(user, own, user).status_code == 204
    assert user.post(ROOMS, json={"name": "one more"}).status_code == 201


def test_direct_rooms_at_the_same_moment_do_not_exceed_it(site, crowd):
    one = Client(site).register()
    site.sql("UPDATE user SET rooms_count = 27 WHERE user_id = ?", one.id)
    with SqlSession(site) as session, ThreadPoolExecutor(8) as threads:
        session.run("BEGIN")
        session.run("SELECT * FROM user WHERE user_id = ? FOR UPDATE", one.id)
        answers = [threads.submit(twin(one).post, DIRECT, json={"user_id": other.id})
                   for other in crowd[:8]]
        wait_for(lambda: lock_waits(site) >= 4)  # as many as there are processes
        session.run("COMMIT")
    assert sorted(answer.result(60).status_code for answer in answers) == [201] * 3 + [403] * 5
    assert site.sql("SELECT rooms_count FROM user WHERE user_id = ?", one.id)[0][0] == 30
    assert site.sql("SELECT COUNT(*) FROM member WHERE user_id = ?", one.id)[0][0] == 3


# ---- after leaving ----

def test_a_member_who_left_is_not_invited_again_by_the_same_admin(user):
    bully, other, victim = user(), user(), user()
    room = bully.room()["room_id"]
    bully.invite(room, other)
    bully.patch(f"{ROOMS}{room}/members/{other.id}/", json={"is_admin": True})
    bully.invite(room, victim)
    assert remove(victim, room, victim).status_code == 204
    seq = victim.instance.sql("SELECT last_seq FROM user WHERE user_id = ?", victim.id)
    assert_error(invite(bully, room, victim), 403)
    assert victim.instance.sql("SELECT last_seq FROM user WHERE user_id = ?", victim.id) == seq
    assert invite(other, room, victim).status_code == 201
    assert remove(victim, room, victim).status_code == 204
    assert_error(invite(other, room, victim), 403)


def test_a_removed_member_is_not_invited_again_by_that_admin(user):
    bully, victim = user(), user()
    room = bully.room(is_private=False)["room_id"]
    victim.post(f"{ROOMS}{room}/join/")
    assert remove(bully, room, victim).status_code == 204
    assert_error(invite(bully, room, victim), 403)


def test_joining_permits_invitations_again(user):
    admin, guest = user(), user()
    room = admin.room(is_private=False)["room_id"]
    admin.invite(room, guest)
    remove(guest, room, guest)
    assert_error(invite(admin, room, guest), 403)
    assert guest.post(f"{ROOMS}{room}/join/").status_code == 201
    remove(guest, room, guest)
    assert invite(admin, room, guest).status_code == 201


def test_an_hour_later_the_same_admin_may_invite_again(user, instance):
    admin, guest = user(), user()
    room = admin.room()["room_id"]
    for minutes, status in [(59, 403), (61, 201)]:
        if not invite(admin, room, guest).status_code == 201:
            instance.sql("DELETE FROM departure WHERE user_id = ?", guest.id)
            admin.invite(room, guest)
        remove(guest, room, guest)
        instance.sql("UPDATE departure SET left_at = left_at - INTERVAL ? MINUTE "
                     "WHERE user_id = ?", minutes, guest.id)
        assert invite(admin, room, guest).status_code == status


def test_an_administrator_of_the_site_can_add_a_member_who_left(user, instance):
    admin, guest = user(), user()
    room = admin.room(name=f"Team of {admin.name}")["room_id"]
    admin.invite(room, guest)
    remove(guest, room, guest)
    done = instance.confabctl("room", "ensure", f"Team of {admin.name}", "--owner", admin.name,
                              "--member", guest.name)
    assert done.returncode == 0, done.stderr
    assert guest.get(f"{ROOMS}{room}/").status_code == 200


# ---- hiding ----

@pytest.fixture
def pair(user):
    one, other = user(), user()
    room = one.post(DIRECT, json={"user_id": other.id}).json()["room_id"]
    one.say(room, "first")
    return one, other, room


def hide(client, room, is_hidden=True):
    answer = client.patch(f"{ROOMS}{room}/me/", json={"is_hidden": is_hidden})
    assert (answer.status_code, answer.json()) == (200, a_view(is_hidden=is_hidden))


def test_a_hidden_direct_room_leaves_the_list_of_that_user_only(pair):
    one, other, room = pair
    kept = other.room()["room_id"]
    hide(other, room)
    assert listed(other) == (1, [kept])
    assert listed(one) == (1, [room])
    assert other.get(f"{ROOMS}{room}/").status_code == 200
    hide(other, room, False)
    assert listed(other) == (2, [kept, room])


@pytest.mark.parametrize("sender", [0, 1])
def test_a_hidden_room_returns_with_the_next_message(pair, sender):
    _, other, room = pair
    hide(other, room)
    assert listed(other) == (0, [])
    pair[sender].say(room, "again")
    assert listed(other) == (1, [room])
    hide(other, room)
    assert listed(other) == (0, [])


def test_a_room_is_hidden_before_its_first_message(user):
    one, other = user(), user()
    room = one.post(DIRECT, json={"user_id": other.id}).json()["room_id"]
    hide(other, room)
    assert listed(other) == (0, [])
    one.say(room)
    assert listed(other) == (1, [room])


def test_edits_and_deletions_do_not_bring_a_hidden_room_back(pair):
    one, other, room = pair
    message = one.say(room)["message_id"]
    hide(other, room)
    one.patch(f"{ROOMS}{room}/messages/{message}/", json={"content": "edited"})
    one.delete(f"{ROOMS}{room}/messages/{message}/")
    assert listed(other) == (0, [])


def test_opening_the_direct_room_again_shows_it(pair):
    one, other, room = pair
    hide(other, room)
    assert one.post(DIRECT, json={"user_id": other.id}).status_code == 200
    assert listed(other) == (0, [])
    assert other.post(DIRECT, json={"user_id": one.id}).json()["room_id"] == room
    assert listed(other) == (1, [room])


def test_pages_and_tags_of_a_list_with_hidden_rooms(user):
    one = user()
    rooms = [one.room()["room_id"] for _ in range(7)]
    before = one.get(ROOMS)
    for room in rooms[1::2]:
        hide(one, room)
    after = one.get(ROOMS, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert one.get(ROOMS, headers={"If-None-Match": after.headers["ETag"]}).status_code == 304
    shown = list(reversed(rooms[::2]))
    assert listed(one) == (4, shown)
    pages = [listed(one, limit=1, offset=offset) for offset in range(5)]
    assert pages == [(4, [room]) for room in shown] + [(4, [])]
    one.say(rooms[1])
    assert listed(one) == (5, [rooms[1], *shown])


# ---- own messages after leaving ----

@pytest.fixture(params=[True, False], ids=["private", "public"])
def left(request, user):
    """A member who left a room, the admin, and paths of a message of each."""
    admin, guest = user(), user()
    room = admin.room(is_private=request.param)["room_id"]
    admin.invite(room, guest)
    paths = [f"{ROOMS}{room}/messages/{client.say(room)['message_id']}/"
             for client in (guest, admin)]
    remove(guest, room, guest)
    return request.param, guest, admin, *paths


def test_own_messages_can_be_deleted_after_leaving(left):
    _, guest, admin, own, _ = left
    assert [guest.delete(own).status_code for _ in range(2)] == [204, 204]
    shown = admin.get(own).json()
    assert (shown["is_deleted"], shown["content"]) == (True, "")
    room = own.split("/")[4]
    assert [event["type"] for event in admin.events(room)].count("message_deleted") == 1


def test_after_leaving_nothing_else_can_be_done_with_messages(left):
    is_private, guest, _, own, others = left
    refused = 404 if is_private else 403
    assert guest.delete(others).status_code == refused
    assert guest.get(own).status_code == refused
    assert guest.patch(own, json={"content": "x"}).status_code == refused
    missing = "/".join([*own.split("/")[:-2], "999999999", ""])
    assert guest.delete(missing).status_code == refused


def test_strangers_learn_nothing_by_deleting(left, user):
    is_private, _, _, own, _ = left
    stranger = user()
    elsewhere = own.replace(own.split("/")[4], "999999999", 1)
    assert stranger.delete(own).status_code == (404 if is_private else 403)
    assert stranger.delete(elsewhere).status_code == 404
    assert list(stranger.delete(elsewhere).json()) == ["detail", "code"]
