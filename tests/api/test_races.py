"""What is forbidden while it is being done: each of two things at once comes first, and the room
shows nothing after it that it forbids. The races of one kind of change alone are in
test_concurrency.py, those of roles, bans, silences, links and guests also in the tests of these."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.api_key import Program
from support.client import Client
from support.confabctl import PASSWORD, Tool
from support.files import announce, done, png, post, put, upload
from support.parallel import at_once, twin
from support.wait import wait_for

ROOM = "/api/chat/rooms/{}/"


class Busy:
    """Calls act(number) of each in a thread, until it returns False, as it does when it is
    refused."""

    def __init__(self, *acts):
        self.acts, self.begun = acts, threading.Semaphore(0)

    def run(self, act):
        for number in range(10_000):
            if act(number) is False:
                return
            self.begun.release()
        raise AssertionError("it is never refused")

    def __enter__(self):
        self.threads = ThreadPoolExecutor(len(self.acts))
        self.running = [self.threads.submit(self.run, act) for act in self.acts]
        for _ in range(3 * len(self.acts)):
            assert self.begun.acquire(timeout=60)
        return self

    def __exit__(self, *_):
        for one in self.running:
            one.result(60)
        self.threads.shutdown()


@pytest.fixture
def place(user):
    """(admin, member, a public room)"""
    admin, member = user(), user()
    room = admin.room(is_private=False)
    admin.invite(room["room_id"], member)
    return admin, member, room


def posting(client, room, answers):
    client = twin(client)

    def act(number):
        answer = client.post(f"{ROOM.format(room['room_id'])}messages/",
                             json={"content": f"number {number}"})
        answers.append(answer.status_code)
        return answer.status_code == 201
    return act


def changing(client, room):
    """Edits, reacts, sends files: all that a member can do until it is refused."""
    client, path = twin(client), ROOM.format(room["room_id"])

    def act(number):
        message = client.post(f"{path}messages/", json={"content": f"to change {number}"})
        if message.status_code != 201:
            return False
        one = f"{path}messages/{message.json()['message_id']}/"
        client.patch(one, json={"content": "edited"})
        client.put(f"{one}reactions/", json={"emoji": "👍"})
        file = announce(client, room, size=len(png()))
        if file.status_code == 201 and put(client, file.json()["file_id"], 0,
                                           png()).status_code == 200:
            done(client, file.json()["file_id"])
            post(client, room, [file.json()["file_id"]])
        return True
    return act


# ---- bans ----

def test_nothing_of_a_user_comes_after_the_ban_from_the_room(place):
    admin, member, room = place
    path, answers = ROOM.format(room["room_id"]), []
    with Busy(posting(member, room, answers), posting(member, room, answers),
              changing(member, room)):
        assert admin.post(f"{path}bans/", json={"user_id": member.id}).status_code == 201
    events = admin.events(room["room_id"])
    types = [event["type"] for event in events]
    after = events[types.index("user_removed") + 1:]
    assert [event["type"] for event in after] == []
    assert set(answers) == {201, 403}


def test_no_post_is_taken_after_a_ban_from_the_site_was_answered(place, instance):
    admin, member, room = place
    answers, site = [], Program(instance, "moderate")
    with Busy(*[posting(member, room, answers)] * 4):
        answer = site.post("/api/site/bans/", json={"user_id": member.id})
        assert answer.status_code == 201
        before = admin.get(ROOM.format(room["room_id"])).json()["message_count"]
        late = [twin(member).post(f"{ROOM.format(room['room_id'])}messages/",
                                  json={"content": "late"}).status_code for _ in range(4)]
    assert late == [401] * 4
    # What was on its way when the ban was stored may have come in, and no more.
    count = admin.get(ROOM.format(room["room_id"])).json()["message_count"]
    assert count - before <= 4 and set(answers) == {201, 401}


def test_a_ban_and_a_link_at_once_leave_the_user_out(place, user):
    admin, _, room = place
    path = ROOM.format(room["room_id"])
    link = admin.post(f"{path}links/", json={"role": "member"}).json()["link"]
    comers = [user() for _ in range(6)]
    at_once([lambda client=client: client.post("/api/chat/links/use/", json={"link": link})
             for client in comers] +
            [lambda client=client: twin(admin).post(f"{path}bans/", json={"user_id": client.id})
             for client in comers])
    inside = {member["user_id"] for member in admin.get(f"{path}members/").json()["results"]}
    assert inside.isdisjoint({client.id for client in comers})
    assert admin.get(path).json()["members_count"] == 2


@pytest.mark.slow("an instance of its own")
def test_a_held_message_is_let_through_or_goes_with_the_ban(shared, tmp_path_factory):
    words = tmp_path_factory.getbasetemp() / "races.txt"
    words.write_text("holdme hold\n")
    site = shared(CONFAB_FILTER_FILE=str(words))
    admin, member = Client(site).register(), Client(site).register()
    room = admin.room(is_private=False)["room_id"]
    admin.invite(room, member)
    path = ROOM.format(room)
    for _ in range(3):
        held = member.post(f"{path}messages/", json={"content": "holdme"}).json()["held_id"]
        at_once([lambda held=held: twin(admin).post(f"{path}held/{held}/approve/"),
                 lambda: twin(admin).post(f"{path}bans/", json={"user_id": member.id})])
        types = [event["type"] for event in admin.events(room)]
        gone = len(types) - 1 - types[::-1].index("user_removed")
        assert "new_message" not in types[gone:]
        assert site.sql("SELECT COUNT(*) FROM held WHERE sender_id = ?", member.id) == [(0,)]
        admin.delete(f"{path}bans/{member.id}/")
        assert member.post(f"{path}join/").status_code == 201


# ---- silences ----

def test_nothing_of_a_member_comes_after_the_silence(place, instance):
    admin, member, room = place
    path, answers = ROOM.format(room["room_id"]), []
    with Busy(posting(member, room, answers), posting(member, room, answers),
              changing(member, room)):
        answer = admin.post(f"{path}silence/", json={"user_id": member.id, "minutes": 60})
        assert answer.status_code == 200
        number = admin.get(path).json()["last_seq"]
    assert admin.events(room["room_id"], after=number) == []
    assert set(answers) == {201, 403}


# ---- slow mode ----

def test_of_posts_at_once_one_is_taken_in_slow_mode(place):
    admin, member, room = place
    path = ROOM.format(room["room_id"])
    admin.patch(path, json={"slow_seconds": 600})
    answers = at_once([lambda: twin(member).post(f"{path}messages/", json={"content": "x"})] * 6)
    assert sorted(answer.status_code for answer in answers) == [201] + [429] * 5
    assert admin.get(path).json()["message_count"] == 1


# ---- the last admin ----

@pytest.mark.parametrize("ways", [("leave", "leave"), ("leave", "step down"),
                                  ("step down", "step down"), ("leave", "erase")])
def test_two_admins_who_go_at_once_leave_one(user, ways):
    first, second, third = user(), user(), user()
    room = first.room()["room_id"]
    path = ROOM.format(room)
    for client in (second, third):
        first.invite(room, client)
    first.patch(f"{path}members/{second.id}/", json={"role": "admin"})

    def go(client, way):
        if way == "leave":
            return client.post(f"{path}remove_member/", json={"user_id": client.id})
        if way == "erase":
            return client.delete("/api/auth/me/", json={"messages": "keep",
                                                        "password": client.password})
        return client.patch(f"{path}members/{client.id}/", json={"role": "member"})
    answers = at_once([lambda: go(first, ways[0]), lambda: go(second, ways[1])])
    assert {answer.status_code for answer in answers} <= {200, 202, 204, 400}

    def roles():
        members = third.get(f"{path}members/").json()["results"]
        return {member["user_id"]: member["is_admin"] for member in members}
    wait_for(lambda: "erase" not in ways or second.id not in roles())
    assert any(roles().values())


# ---- erasures ----

def test_nothing_is_left_of_a_user_erased_while_sending(user, instance):
    other, leaver = user(), user(password=PASSWORD)
    rooms = [other.room(f"Room {number}") for number in range(3)]
    for room in rooms:
        other.invite(room["room_id"], leaver)
    begun = upload(leaver, rooms[0], png())
    answers = []
    acts = [act for room in rooms for act in (posting(leaver, room, answers),
                                              changing(leaver, room))]
    with Busy(*acts):
        answer = twin(leaver).delete("/api/auth/me/", json={"messages": "erase",
                                                            "password": PASSWORD})
        assert answer.status_code == 202
    assert done(leaver, begun).status_code == 401

    def left():
        assert instance.confabctl("events", "purge").returncode == 0
        return instance.sql("SELECT user_id FROM erasure WHERE user_id = ?", leaver.id)
    wait_for(lambda: not left(), 60, "the end of the erasure")
    for what in ("message WHERE sender_id = ? AND (NOT is_deleted OR content <> '')",
                 "member WHERE user_id = ?", "reaction WHERE user_id = ?",
                 "file WHERE user_id = ?"):
        assert instance.sql(f"SELECT COUNT(*) FROM {what}", leaver.id) == [(0,)], what
    shown = other.get(f"{ROOM.format(rooms[0]['room_id'])}messages/").json()["results"]
    assert {message["content"] for message in shown} == {""}
    Tool(instance)("check", "--deep")
