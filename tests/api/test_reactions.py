"""Reactions to messages: who may, which emoji, how many, what everyone sees, and what ends them."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.client import Client
from support.instance import ROOT
from support.rooms import message_url, public_room, url
from support.shapes import A_TIME, NOT_FOUND, a_page, refusal, wrong

HEART = "\u2764\ufe0f"

# Twenty-one emoji.
MANY = [chr(0x1f600 + i) for i in range(21)]


def reactions(message):
    return message_url(message) + "reactions/"


def react(client, message, emoji, status=200):
    answer = client.put(reactions(message), json={"emoji": emoji})
    assert answer.status_code == status, answer.text
    return answer.json()


def withdraw(client, message, emoji, status=200):
    answer = client.delete(reactions(message), params={"emoji": emoji})
    assert answer.status_code == status, answer.text
    return answer.json()


def kinds(list_of_reactions):
    return [reaction["emoji"] for reaction in list_of_reactions]


@pytest.fixture
def pair(user):
    """Two members of a room, and a message in it by the first."""
    alice, bob = user(), user()
    _, _, room = public_room(alice, bob)
    return alice, bob, alice.say(room["room_id"])


# ---- what is seen ----

def test_each_user_sees_who_has_reacted_and_which_are_the_own(pair):
    alice, bob, message = pair
    assert react(alice, message, "👍") == [{"emoji": "👍", "count": 1, "mine": True}]
    assert react(bob, message, "👍") == [{"emoji": "👍", "count": 2, "mine": True}]
    assert react(bob, message, "🎉") == [{"emoji": "👍", "count": 2, "mine": True},
                                         {"emoji": "🎉", "count": 1, "mine": True}]
    seen = [{"emoji": "👍", "count": 2, "mine": True}, {"emoji": "🎉", "count": 1, "mine": False}]
    room = url(message)
    assert alice.get(message_url(message)).json()["reactions"] == seen
    assert alice.get(room + "messages/").json()["results"][0]["reactions"] == seen
    assert alice.get(room + "messages/?after=0").json()["results"][0]["reactions"] == seen
    assert alice.get(room).json()["last_message"]["reactions"] == seen
    assert alice.get("/api/chat/rooms/").json()["results"][0]["last_message"]["reactions"] == seen


def test_the_list_has_the_oldest_reaction_first(pair):
    alice, bob, message = pair
    react(bob, message, "🎉")
    react(alice, message, "👍")
    react(bob, message, "👍")
    rows = [{"emoji": emoji, "user_id": client.id, "username": client.name, "created_at": A_TIME}
            for emoji, client in (("🎉", bob), ("👍", alice), ("👍", bob))]
    assert alice.get(reactions(message)).json() == a_page(rows)
    page = bob.get(reactions(message), params={"limit": 1, "offset": 1}).json()
    assert (page["count"], page["results"]) == (3, rows[1:2])
    assert page["next"].endswith("reactions/?limit=1&offset=2")


def test_the_most_frequent_come_first_then_the_oldest(user):
    clients = [user() for _ in range(3)]
    _, _, room = public_room(*clients[:2])
    clients[0].invite(room["room_id"], clients[2])
    message = clients[0].say(room["room_id"])
    for client, emoji in ((0, "1️⃣"), (0, "2️⃣"), (1, "2️⃣"), (1, "3️⃣"), (2, "3️⃣"), (2, "4️⃣")):
        now = react(clients[client], message, emoji)
    assert kinds(now) == ["2️⃣", "3️⃣", "1️⃣", "4️⃣"]
    # An emoji that was removed by all users counts as new when it is added again.
    withdraw(clients[0], message, "1️⃣")
    assert kinds(react(clients[0], message, "1️⃣")) == ["2️⃣", "3️⃣", "4️⃣", "1️⃣"]


def test_reacting_leaves_order_and_unread_count_of_rooms(pair):
    alice, bob, message = pair
    other = bob.room("later")
    before = bob.get(url(message)).json()
    react(bob, message, "👍")
    now = bob.get(url(message)).json()
    assert {key for key in now if now[key] != before[key]} == {"last_message", "last_seq"}
    assert now["unread_count"] == 1
    rooms = bob.get("/api/chat/rooms/").json()["results"]
    assert [room["room_id"] for room in rooms[:2]] == [other["room_id"], message["room_id"]]


# ---- changes and events ----

def test_a_repeated_reaction_and_a_repeated_withdrawal_change_nothing(pair):
    alice, bob, message = pair
    first = react(bob, message, "👍")
    assert react(bob, message, "👍") == first
    assert withdraw(bob, message, "👎") == first
    assert withdraw(alice, message, "👍") == [{**first[0], "mine": False}]
    assert withdraw(bob, message, "👍") == withdraw(bob, message, "👍") == []
    types = [event["type"] for event in alice.events(message["room_id"])]
    assert types == ["user_invited", "new_message", "reactions_changed", "reactions_changed"]


def test_replayed_events_show_the_reactions_of_now(pair):
    alice, bob, message = pair
    react(bob, message, "👍")
    react(alice, message, "👍")
    withdraw(bob, message, "👍")
    room_id, seen = message["room_id"], [{"emoji": "👍", "count": 1}]
    events = alice.events(room_id)
    assert events[1]["message"] == {**message, "reactions": seen}
    assert events[2:] == [
        {"type": "reactions_changed", "message_id": message["message_id"], "reactions": seen,
         "user": client.name, "user_id": client.id, "seq": seq, "room_id": room_id}
        for seq, client in ((3, bob), (4, alice), (5, bob))]


def test_an_edit_keeps_them_and_a_deletion_ends_them(pair):
    alice, bob, message = pair
    react(bob, message, "👍")
    edited = alice.patch(message_url(message), json={"content": "other"}).json()
    assert edited["reactions"] == [{"emoji": "👍", "count": 1, "mine": False}]
    assert alice.events(message["room_id"])[-1]["message"]["reactions"] == [
        {"emoji": "👍", "count": 1}]
    alice.delete(message_url(message))
    assert alice.get(message_url(message)).json()["reactions"] == []
    assert react(bob, message, "👍", 404) == NOT_FOUND
    assert withdraw(bob, message, "👍", 404) == NOT_FOUND
    assert bob.get(reactions(message)).json() == NOT_FOUND
    assert {str(event.get("reactions", [])) for event in alice.events(message["room_id"])} == {"[]"}


def test_reactions_of_many_at_once_are_all_counted(user):
    clients = [user() for _ in range(6)]
    _, _, room = public_room(*clients[:2])
    for client in clients[2:]:
        clients[0].invite(room["room_id"], client)
    message = clients[0].say(room["room_id"])
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda client: react(client, message, "🔥"), clients))
        assert react(clients[0], message, "🔥") == [{"emoji": "🔥", "count": 6, "mine": True}]
        list(pool.map(lambda client: withdraw(client, message, "🔥"), clients))
    assert clients[0].get(message_url(message)).json()["reactions"] == []


# ---- what is refused ----

def test_a_variation_selector_makes_no_other_emoji(pair):
    alice, bob, message = pair
    for emoji in ("\u2764", HEART, "\u2764\ufe0e"):
        assert react(alice, message, emoji) == [{"emoji": HEART, "count": 1, "mine": True}]
    assert withdraw(alice, message, "\u2764") == []


def test_each_emoji_of_the_picker_is_taken():
    """In all skin tones; and those that the picker leaves out, as newer than most fonts."""
    taken = set(re.findall(r'^EMOJI\("(.+)"\)$',
                           (ROOT / "common/unicode/emoji.def").read_text(), re.M))
    rows = re.findall(r"^(?: +`)?([^|\s]+)\|\w+\|[^|]+\|([^|`]*)(?:`,)?$",
                      (ROOT / "web/chat/emoji/emoji-data.js").read_text(), re.M)
    assert len(rows) > 1700
    tones = [chr(0x1f3fb + number) for number in range(5)]
    offered = {toned.replace(tones[0], tone) for _, toned in rows for tone in tones if toned}
    offered |= {emoji for emoji, _ in rows} | {"\U0001fae9"}

    def bare(emoji):
        return emoji.replace("\ufe0f", "")
    assert set(map(bare, offered)) <= set(map(bare, taken))


@pytest.mark.parametrize("emoji", ["", "a", "1", 1, "👍👍", " 👍", "🇽🇽", "\ufe0f", "👍" * 40, None,
                                   True, [], {}], ids=lambda value: ascii(value)[:20])
def test_what_is_not_one_emoji_is_400(pair, emoji):
    alice, _, message = pair
    assert react(alice, message, emoji, 400) == wrong("emoji")


def test_a_missing_emoji_is_400(pair):
    alice, _, message = pair
    assert alice.put(reactions(message), json={}).json() == wrong(emoji="required")
    assert alice.delete(reactions(message)).json() == wrong(emoji="required")
    assert withdraw(alice, message, "a", 400) == wrong(emoji="invalid")


def test_a_message_has_at_most_twenty_kinds(pair):
    alice, bob, message = pair
    for emoji in MANY[:20]:
        react(alice, message, emoji)
    assert react(alice, message, MANY[20], 400) == wrong(emoji="too_many")
    assert react(bob, message, MANY[20], 400) == wrong(emoji="too_many")
    # Another reaction with a known emoji adds no kind.
    assert react(bob, message, MANY[3])[0] == {"emoji": MANY[3], "count": 2, "mine": True}
    withdraw(alice, message, MANY[0])
    assert kinds(react(bob, message, MANY[20]))[-1] == MANY[20]


def test_a_message_of_another_room_has_none(pair):
    alice, bob, message = pair
    elsewhere = {**message, "room_id": alice.room("other")["room_id"]}
    assert react(alice, elsewhere, "👍", 404) == NOT_FOUND
    assert alice.get(reactions(elsewhere)).json() == NOT_FOUND


@pytest.mark.slow("an instance of its own")
def test_off_lets_no_user_react_and_keeps_what_there_is(shared):
    instance = shared(CONFAB_REACTIONS="off")
    client = Client(instance).register()
    message = client.say(client.room("Quiet")["room_id"])
    assert react(client, message, "👍", 403) == refusal("reactions_off")
    assert client.get(reactions(message)).json() == a_page([])
    assert "reactions" not in client.get("/api/").json()["features"]
