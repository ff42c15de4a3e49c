"""Random posts, reads, unreads, edits, deletions, mentions, mutes, joins, bans and blocks: every
counter is what a recount from the history gives."""

import random

import pytest

from support.client import Client
from support.rooms import ROOMS
from support.shapes import mentions

PEOPLE = 5
STEPS = 250


class Model:
    """What the rooms of a few users must look like, kept in the plainest way."""

    def __init__(self, instance, seed):
        self.rng = random.Random(seed)
        self.instance = instance
        self.people = [Client(instance).register() for _ in range(PEOPLE)]
        self.rooms = {}
        for person in self.people[:3]:
            room = person.room(is_private=False)["room_id"]
            self.rooms[room] = {"messages": [], "marks": {person: 0}, "views": {},
                                "banned": set()}
        self.mentioned = {person: [] for person in self.people}
        self.blocks = {person: set() for person in self.people}
        self.moderator = Client(instance).register()
        instance.sql("UPDATE user SET is_moderator = TRUE WHERE user_id = ?", self.moderator.id)

    # ---- what happens ----

    def pick_message(self, room, ours=None):
        found = [message for message in self.rooms[room]["messages"]
                 if ours is None or (message["sender"] is ours and not message["deleted"])]
        return self.rng.choice(found) if found else None

    def some_mentions(self, room):
        members = list(self.rooms[room]["marks"])
        named = self.rng.sample(members, self.rng.randrange(len(members) + 1))
        return mentions(*named, everybody=self.rng.random() < 0.3), named

    def tell(self, message, named):
        """A user who had blocked the sender when first named is not notified, and does not count."""
        for person in named:
            if person is not message["sender"] and person not in message["known"]:
                message["known"].add(person)
                if message["sender"] in self.blocks[person]:
                    message["blocked"].add(person)
                else:
                    self.mentioned[person].append(message["id"])

    def post(self, room, person):
        given, named = self.some_mentions(room) if self.rng.random() < 0.5 else (mentions(), [])
        answer = person.post(f"{ROOMS}{room}/messages/", json={"content": "x", "mentions": given})
        assert answer.status_code == 201, answer.text
        state = self.rooms[room]
        message = {"id": answer.json()["message_id"], "sender": person, "deleted": False,
                   "named": set(named), "all": given["all"], "known": set(),
                   "blocked": set(), "members": set(state["marks"])}
        state["messages"].append(message)
        state["marks"][person] = len(state["messages"])
        self.tell(message, named)

    def edit(self, room, person):
        message = self.pick_message(room, ours=person)
        if not message:
            return
        given, named = self.some_mentions(room)
        answer = person.patch(f"{ROOMS}{room}/messages/{message['id']}/",
                              json={"content": "y", "mentions": given})
        assert answer.status_code == 200, answer.text
        message |= {"named": set(named), "all": given["all"]}
        self.tell(message, named)

    def delete(self, room, person, message=None):
        message = message or self.pick_message(room, ours=person)
        if message:
            person.delete(f"{ROOMS}{room}/messages/{message['id']}/")
            message |= {"deleted": True, "named": set(), "all": False}

    def delete_by_moderator(self, room, _):
        self.delete(room, self.moderator, self.pick_message(room))

    def read(self, room, person):
        self.move(room, person, "read/", max)

    def unread(self, room, person):
        self.move(room, person, "unread/", min)

    def move(self, room, person, path, choose):
        message = self.pick_message(room)
        if not message:
            return
        state = self.rooms[room]
        position = state["messages"].index(message) + (path == "read/")
        state["marks"][person] = choose(state["marks"][person], position)
        answer = person.post(f"{ROOMS}{room}/{path}", json={"message_id": message["id"]}).json()
        assert answer["unread_count"] == len(state["messages"]) - state["marks"][person]

    def read_all(self, _, person):
        person.post(f"{ROOMS}read/")
        for state in self.rooms.values():
            if person in state["marks"]:
                state["marks"][person] = len(state["messages"])

    def view(self, room, person):
        given = self.rng.choice([{"notify": "none"}, {"notify": "mentions"}, {"is_hidden": True},
                                 {"is_hidden": False}, {"is_favorite": True},
                                 {"is_favorite": False}, {"muted_until": "2999-01-01T00:00:00Z"},
                                 {"muted_until": None}])
        person.patch(f"{ROOMS}{room}/me/", json=given)
        view = self.rooms[room]["views"].setdefault(person, {})
        view |= given
        if given.get("is_hidden"):
            view["hidden_at"] = len(self.rooms[room]["messages"])
        elif "is_hidden" in given:
            view["hidden_at"] = None
        elif self.is_hidden(room, person) is False:
            view["hidden_at"] = None

    def is_hidden(self, room, person):
        state = self.rooms[room]
        at = state["views"].get(person, {}).get("hidden_at")
        return at is not None and at >= len(state["messages"])

    def join(self, room, _):
        state = self.rooms[room]
        person = self.rng.choice(self.people)
        is_banned = person in state["banned"]
        assert person.post(f"{ROOMS}{room}/join/").status_code in ((403,) if is_banned else (200, 201))
        if not is_banned and person not in state["marks"]:
            state["marks"][person] = len(state["messages"])

    def leave(self, room, person):
        state = self.rooms[room]
        if len(state["marks"]) > 1:
            person.post(f"{ROOMS}{room}/remove_member/", json={"user_id": person.id})
            del state["marks"][person]
            state["views"].pop(person, None)

    def ban(self, room, person):
        """A site moderator bans all but admins."""
        state = self.rooms[room]
        answer = self.moderator.post(f"{ROOMS}{room}/bans/", json={"user_id": person.id})
        if answer.status_code == 403:
            assert answer.json()["code"] == "role_too_high"
            return
        state["banned"].add(person)
        del state["marks"][person]
        state["views"].pop(person, None)

    def end_ban(self, room, _):
        for person in list(self.rooms[room]["banned"])[:1]:
            path = f"{ROOMS}{room}/bans/{person.id}/"
            assert self.moderator.delete(path).status_code == 204
            self.rooms[room]["banned"].remove(person)

    def block(self, _, person):
        other = self.rng.choice([one for one in self.people if one is not person])
        if other in self.blocks[person]:
            person.delete("/api/chat/blocks/", json={"user_id": other.id})
            self.blocks[person].remove(other)
        else:
            person.post("/api/chat/blocks/", json={"user_id": other.id})
            self.blocks[person].add(other)

    def step(self):
        room = self.rng.choice(list(self.rooms))
        person = self.rng.choice(list(self.rooms[room]["marks"]))
        act = self.rng.choice([self.post] * 8 + [self.edit] * 2 + [
            self.delete, self.delete_by_moderator, self.read, self.read, self.unread, self.view,
            self.view, self.join, self.join, self.join, self.leave, self.ban, self.end_ban,
            self.block] + [self.read_all] * (self.rng.random() < 0.2))
        act(room, person)

    # ---- the recount ----

    def mentioning(self, messages, person):
        """Without those of users whom the person blocks now."""
        return [message for message in messages if message["sender"] is not person
                and message["sender"] not in self.blocks[person]
                and (message["all"] or person in message["named"] - message["blocked"])]

    def compare(self):
        for person in self.people:
            mine = [room for room in self.rooms if person in self.rooms[room]["marks"]]
            page = person.get(f"{ROOMS}?limit=200").json()
            hidden = person.get(f"{ROOMS}?hidden=1").json()
            shown = {room["room_id"]: room for room in page["results"] + hidden["results"]}
            assert sorted(shown) == sorted(mine)
            assert (page["count"], hidden["count"]) == (len(page["results"]),
                                                        len(hidden["results"]))
            assert {room["room_id"] for room in hidden["results"]} == {
                room for room in mine if self.is_hidden(room, person)}
            favorites = [room["me"]["is_favorite"] for room in page["results"]]
            assert favorites == sorted(favorites, reverse=True)
            for room in mine:
                self.compare_room(person, room, shown[room])
            events = person.get("/api/chat/events/?limit=1000").json()["events"]
            assert [event["message_id"] for event in events
                    if event["type"] == "mentioned"] == self.mentioned[person]

    def compare_room(self, person, room, shown):
        state = self.rooms[room]
        unread = state["messages"][state["marks"][person]:]
        assert (shown["unread_count"], shown["unread_mentions"]) == (
            len(unread), len(self.mentioning(unread, person)))
        view = state["views"].get(person, {})
        assert shown["me"] == {
            "notify": view.get("notify", "default"),
            "muted_until": view.get("muted_until") and "2999-01-01T00:00:00.000000Z",
            "is_favorite": view.get("is_favorite", False),
            "is_hidden": self.is_hidden(room, person)}
        assert person.get(f"{ROOMS}{room}/").json() == shown
        # The list of mentions, but for those of all from before the user joined.
        listed = {message["message_id"] for message in
                  person.get("/api/chat/mentions/?limit=200").json()["results"]
                  if message["room_id"] == room}
        wanted = self.mentioning(state["messages"], person)
        named = {message["id"] for message in wanted
                 if person in message["named"] - message["blocked"]}
        assert named <= listed <= {message["id"] for message in wanted}


@pytest.mark.parametrize("seed", [0, *(
    pytest.param(seed, marks=pytest.mark.slow("more histories")) for seed in range(1, 6))])
def test_every_counter_is_that_of_a_recount(instance, seed):
    model = Model(instance, seed)
    for step in range(STEPS):
        model.step()
        if step % 25 == 24:
            model.compare()
    model.compare()
    checked = instance.confabctl("check", "--deep")
    assert checked.returncode == 0, checked.stdout
