"""confabctl room."""

import pytest

from support.client import fresh_name
from support.confabctl import Terminal


def listed(tool, room_id):
    """The room in the output of `room list`."""
    rooms = tool.json("room", "list", "--limit", 2**64 - 1)["results"]
    return next((room for room in rooms if room["room_id"] == room_id), None)


def direct_room(alice, bob):
    answer = alice.post("/api/chat/rooms/direct/", json={"user_id": bob.id})
    return answer.json()["room_id"]


# ---- list and show ----

def test_rooms_are_listed_as_json(tool, user):
    alice = user()
    room = alice.room("Tearoom", is_private=False)
    assert listed(tool, room["room_id"]) == {
        "room_id": room["room_id"], "name": "Tearoom", "is_private": False, "is_direct": False,
        "created_by_id": alice.id, "created_at": room["created_at"], "members_count": 1,
        "message_count": 0, "last_seq": 0, "oldest_seq": 1, "last_message_at": None}
    message = alice.say(room["room_id"], "a secret")
    found = listed(tool, room["room_id"])
    assert (found["message_count"], found["last_seq"], found["last_message_at"]) == (
        1, 1, message["created_at"])


def test_rooms_are_listed_in_a_table(tool, user):
    alice = user()
    room = alice.room("A private one")
    rows = {row["ID"]: row for row in tool.table("room", "list", "--limit", 2**64 - 1)}
    assert rows[str(room["room_id"])] == {
        "ID": str(room["room_id"]), "NAME": "A private one", "KIND": "private", "MEMBERS": "1",
        "MESSAGES": "0", "LAST MESSAGE (UTC)": "-"}
    assert [int(row) for row in rows] == sorted(int(row) for row in rows)


def test_contents_of_messages_are_never_shown(tool, user):
    alice = user()
    room = alice.room()
    alice.say(room["room_id"], "Geheimnis")
    for words in (["list"], ["show", room["room_id"]]):
        assert "Geheimnis" not in tool("room", *words) + tool("--json", "room", *words)


def test_a_direct_room_is_named_after_both(tool, user):
    alice, bob = user(), user()
    room_id = direct_room(bob, alice)
    name = f"{alice.name}, {bob.name}"
    assert listed(tool, room_id)["name"] == name
    assert listed(tool, room_id)["is_direct"] is True
    shown = tool.json("room", "show", room_id)
    assert shown["name"] in (name, f"{bob.name}, {alice.name}")
    assert [member["is_admin"] for member in shown["members"]] == [False, False]
    assert " direct " in tool("room", "list", "--limit", 2**64 - 1)


def test_limit_and_offset_choose_rooms(tool, user):
    alice = user()
    alice.room(), alice.room()
    everything = tool.json("room", "list", "--limit", 2**64 - 1)
    page = tool.json("room", "list", "--limit", 1, "--offset", 1)
    assert page == {"count": everything["count"], "results": everything["results"][1:2]}
    tool("room", "list", "--limit", 1)
    assert tool.complaint.startswith(f"Showing 1 of {everything['count']}; ")


def test_a_room_is_shown_with_its_members(tool, user):
    alice, bob = user(), user()
    room = alice.room("Workshop")
    membership = alice.invite(room["room_id"], bob)
    shown = tool.json("room", "show", room["room_id"])
    members = shown.pop("members")
    assert shown == listed(tool, room["room_id"])
    assert members == [
        {"user_id": alice.id, "username": alice.name, "is_admin": True,
         "joined_at": room["created_at"]},
        {"user_id": bob.id, "username": bob.name, "is_admin": False,
         "joined_at": membership["joined_at"]}]


def test_a_room_is_shown_in_tables(tool, user):
    alice = user()
    room = alice.room("Workshop")
    alice.say(room["room_id"])
    facts, members = tool("room", "show", room["room_id"]).split("\n\n")
    assert facts.splitlines()[0].split() == ["ROOM", str(room["room_id"])]
    found = {line[:20].strip(): line[20:].strip() for line in facts.splitlines()[1:]}
    assert (found["name"], found["kind"], found["created by"], found["messages"],
            found["events kept"], found["members"]) == (
        "Workshop", "private", alice.name, "1", "1 to 1", "1")
    assert members.splitlines()[0].split()[:4] == ["ID", "MEMBER", "ADMIN", "JOINED"]
    assert members.splitlines()[1].split()[:3] == [str(alice.id), alice.name, "yes"]


def test_names_keep_columns_aligned_and_control_characters_are_escaped(tool, user):
    alice = user()
    wide = alice.room("日本語")
    evil = alice.room("a\n\x1b[31mb‮")
    lines = tool("room", "list", "--limit", 2**64 - 1).splitlines()
    row = next(line for line in lines if line.split()[0] == str(wide["room_id"]))
    plain = next(line for line in lines if " private " in line and line.isascii())
    # Each of the three characters is two columns wide.
    assert row.rindex(" private ") + 3 == plain.rindex(" private ")
    row = next(line for line in lines if line.split()[0] == str(evil["room_id"]))
    assert "a��[31mb�" in row
    assert listed(tool, evil["room_id"])["name"] == "a\n\x1b[31mb‮"


@pytest.mark.parametrize("command", [["show"], ["delete", "--yes"]])
def test_an_unknown_room_is_an_error(tool, command):
    assert tool.refuses("room", *command, 2**63) == f"room {2**63} does not exist"


# ---- delete ----

def test_a_deleted_room_is_gone(tool, user):
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    said = tool("room", "delete", room["room_id"], "--yes")
    assert said == f"Room {room['room_id']} was deleted.\n"
    assert alice.get(f"/api/chat/rooms/{room['room_id']}/").status_code == 404
    assert bob.get("/api/chat/rooms/").json()["count"] == 0
    tool.refuses("room", "show", room["room_id"])


def test_a_direct_room_can_be_deleted(tool, user):
    alice, bob = user(), user()
    room_id = direct_room(alice, bob)
    tool("room", "delete", room_id, "--yes")
    assert direct_room(alice, bob) != room_id


def test_a_deletion_is_published_to_every_member_and_to_the_room(tool, instance, user):
    alice, bob = user(), user()
    room_id = alice.room()["room_id"]
    alice.invite(room_id, bob)
    with instance.subscribe("*") as heard:
        tool("room", "delete", room_id, "--yes")
        events = {event.channel.partition(":")[2]: event for event in heard.wait_for_all(
            3, lambda event: event.name == "room_deleted" and event.json["room_id"] == room_id)}
    gone = {"type": "room_deleted", "room_id": room_id, "deleted_by": None}
    for client in (alice, bob):
        event = events[f"user:{client.id}"]
        assert (event.seq, event.actor_id, event.subject_id) == (2, 0, room_id)
        assert event.json == {**gone, "seq": 2}
    event = events[f"room:{room_id}"]
    assert (event.seq, event.actor_id, event.subject_id, event.json) == (0, 0, 0, gone)
    assert instance.sql("SELECT user_id, seq, actor_id FROM user_event WHERE event_type = 23 "
                        "AND subject_id = ? ORDER BY user_id", room_id) == [
        (alice.id, 2, 0), (bob.id, 2, 0)]


def test_a_deletion_asks_for_confirmation_on_a_terminal(tool, user):
    alice = user()
    room_id = alice.room("Old stuff")["room_id"]
    alice.say(room_id)
    question = (f'Delete room {room_id}, Old stuff, with 1 member and 1 message permanently? '
                "[y/N] ")
    for answer in ("n\n", "\n", "maybe\n", "\x04"):
        with Terminal(tool, "room", "delete", room_id) as terminal:
            terminal.expect(question)
            terminal.type(answer)
            terminal.expect("nothing was deleted")
            assert terminal.end() == 1
    with Terminal(tool, "room", "delete", room_id) as terminal:
        terminal.expect(question)
        terminal.type("y\n")
        terminal.expect("was deleted.")
        assert terminal.end() == 0
    assert alice.get(f"/api/chat/rooms/{room_id}/").status_code == 404


def test_without_a_terminal_a_deletion_requires_the_option(tool, user):
    room_id = user().room()["room_id"]
    said = tool.misuse("room", "delete", room_id)
    assert said == ["confabctl: no terminal for the confirmation; use --yes",
                    "usage: confabctl room delete ID [--yes]"]
    assert listed(tool, room_id)


# ---- ensure ----

def names_in(tool, room_id):
    return [member["username"] for member in tool.json("room", "show", room_id)["members"]]


def test_a_missing_room_is_created_with_its_members(tool, user):
    alice, bob, carol = user(), user(), user()
    said = tool("room", "ensure", "Demo", "--owner", alice.name, "--member", bob.name,
                f"--member={carol.name}")
    room = alice.get("/api/chat/rooms/").json()["results"][0]
    assert said == f"Room {room['room_id']} was created; members added: 2.\n"
    assert (room["name"], room["is_private"], room["is_admin"]) == ("Demo", True, True)
    assert names_in(tool, room["room_id"]) == [alice.name, bob.name, carol.name]


def test_ensuring_an_existing_room_changes_nothing(tool, user):
    alice, bob = user(), user()
    words = ["room", "ensure", "Demo", "--owner", alice.name, "--member", bob.name]
    tool(*words)
    room = alice.get("/api/chat/rooms/").json()["results"][0]
    assert tool(*words) == f"Room {room['room_id']} already exists; members added: 0.\n"
    assert alice.get("/api/chat/rooms/").json()["results"] == [room]


def test_missing_members_are_added_to_an_existing_room(tool, user):
    alice, bob = user(), user()
    room_id = alice.room("Demo")["room_id"]
    said = tool("room", "ensure", "  Demo\t", "--owner", alice.name, "--member", alice.name,
                "--member", bob.name, "--public")
    assert said == f"Room {room_id} already exists; members added: 1.\n"
    assert names_in(tool, room_id) == [alice.name, bob.name]
    assert listed(tool, room_id)["is_private"] is True


@pytest.mark.parametrize("option, private", [("--public", False), ("--private", True)])
def test_a_created_room_is_public_or_private_as_requested(tool, user, option, private):
    alice = user()
    tool("room", "ensure", "Demo", "--owner", alice.name, option)
    assert alice.get("/api/chat/rooms/").json()["results"][0]["is_private"] is private


def test_only_a_room_of_exactly_that_name_with_the_owner_in_it_is_used(tool, user):
    alice, bob = user(), user()
    alice.room("demo"), alice.room("Demo "), bob.room("Demo", is_private=False)
    direct_room(alice, bob)
    existing = {room["room_id"] for room in alice.get("/api/chat/rooms/").json()["results"]
                if room["name"] != "Demo"}
    tool("room", "ensure", "Demo!", "--owner", alice.name)
    tool("room", "ensure", bob.name, "--owner", alice.name)
    rooms = alice.get("/api/chat/rooms/").json()["results"]
    made = [room for room in rooms if room["name"] in ("Demo!", bob.name)
            and not room["is_direct"]]
    assert len(made) == 2
    assert not existing & {room["room_id"] for room in made}


def test_a_room_where_the_owner_is_admin_is_preferred(tool, user):
    alice, bob = user(), user()
    theirs = bob.room("Demo")["room_id"]
    bob.invite(theirs, alice)
    own = alice.room("Demo")["room_id"]
    assert tool("room", "ensure", "Demo", "--owner", alice.name).startswith(f"Room {own} already")


def test_an_owner_who_is_not_admin_cannot_add_members(tool, user):
    alice, bob, carol = user(), user(), user()
    room_id = bob.room("Demo")["room_id"]
    bob.invite(room_id, alice)
    words = ["room", "ensure", "Demo", "--owner", alice.name, "--member"]
    assert tool(*words, bob.name) == f"Room {room_id} already exists; members added: 0.\n"
    assert tool.refuses(*words, carol.name) == (
        f"user '{alice.name}' is not an admin of room {room_id} and cannot add '{carol.name}'")


def test_a_disabled_user_is_not_added_but_may_be_a_member_already(tool, user):
    alice, bob, carol = user(), user(), user()
    words = ["room", "ensure", "Demo", "--owner", alice.name, "--member"]
    tool(*words, bob.name)
    tool("user", "disable", bob.name)
    tool("user", "disable", carol.name)
    assert tool(*words, bob.name).endswith("members added: 0.\n")
    assert tool.refuses(*words, carol.name) == \
        f"user '{carol.name}' is disabled and was not added"


def test_nothing_is_created_when_a_user_is_missing(tool, user):
    alice = user()
    assert tool.refuses("room", "ensure", "Demo", "--owner", alice.name, "--member",
                        "nobody-here") == "user 'nobody-here' does not exist"
    assert tool.refuses("room", "ensure", "Demo", "--owner", "nobody-here") == \
        "user 'nobody-here' does not exist"
    assert alice.get("/api/chat/rooms/").json()["count"] == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, " ä" * 65])
def test_an_invalid_room_name_is_refused(tool, user, name):
    assert tool.refuses("room", "ensure", name, "--owner", user().name) == (
        f"invalid room name '{name}': must be 1 to 128 characters of UTF-8")


def test_a_room_name_of_128_characters_is_accepted(tool, user):
    tool("room", "ensure", "ä" * 128, "--owner", user().name)


def test_ensure_publishes_the_same_events_as_the_api(tool, instance, user):
    alice, bob = user(), user()
    name = fresh_name("Room")
    with instance.subscribe("*") as heard:
        tool("room", "ensure", name, "--owner", alice.name, "--member", bob.name, "--public")
        own = {f"confab:user:{alice.id}", f"confab:user:{bob.id}"}
        events = {event.name: event for event in heard.wait_for_all(
            3, lambda event: event.channel in own or (
                event.name == "user_invited" and event.json["user_id"] == bob.id))}
    room = alice.get("/api/chat/rooms/").json()["results"][0]
    room_id = room["room_id"]
    made = events["room_created"]
    assert (made.channel, made.seq, made.actor_id, made.subject_id) == (
        f"confab:user:{alice.id}", 1, alice.id, room_id)
    in_event = {key: value for key, value in room.items()
                if key not in ("is_admin", "unread_count", "bell", "unread_mentions", "me")}
    assert made.json == {"type": "room_created", "seq": 1, "room_id": room_id,
                         "created_by": alice.name,
                         "room": {**in_event, "members_count": 1, "last_seq": 0}}
    invited = events["user_invited"]
    assert (invited.channel, invited.seq, invited.actor_id, invited.subject_id) == (
        f"confab:room:{room_id}", 1, alice.id, bob.id)
    assert [invited.json] == alice.events(room_id)
    invitation = events["room_invitation"]
    assert (invitation.channel, invitation.seq, invitation.actor_id, invitation.subject_id) == (
        f"confab:user:{bob.id}", 1, alice.id, room_id)
    assert invitation.json == {"type": "room_invitation", "seq": 1, "room_id": room_id,
                               "room_name": name, "invited_by": alice.name}


# ---- links ----

def test_a_link_is_made_listed_and_removed(tool, user):
    alice, bob = user(), user()
    room = alice.room()["room_id"]
    link = tool("room", "link", "add", room, "--admin", alice.name, "--role", "reader",
                "--max-uses", 1, "--days", 2).strip()
    found, = tool.json("room", "link", "list", room)["results"]
    assert [found] == alice.get(f"/api/chat/rooms/{room}/links/").json()["results"]
    assert (found["link"], found["role"], found["max_uses"], found["created_by_id"]) == (
        link, "reader", 1, alice.id)
    assert found["expires_at"] > found["created_at"]
    assert bob.post("/api/chat/links/use/", json={"link": link}).status_code == 201
    row, = tool.table("room", "link", "list", room)
    assert (row["LINK"], row["ROLE"], row["USES"]) == (link, "reader", "1 of 1")
    tool("room", "link", "remove", room, found["link_id"])
    assert alice.get(f"/api/chat/rooms/{room}/links/").json()["count"] == 0
    # As what confabctl has done, not alice.
    entries = [(entry["action"], entry["subject_id"]) for entry in
               tool.json("audit", "--limit", 100000)["results"] if entry["room_id"] == room]
    assert entries == [(f"room link {done}", found["link_id"]) for done in ("add", "remove")]


@pytest.mark.parametrize("change, status", [
    ({"--admin": "bob"}, 1), ({"--admin": None}, 2), ({"--role": "owner"}, 2),
    ({"--days": 4000}, 2), ({"room": 2 ** 60}, 1)])
def test_no_link_is_made_of_wrong_arguments(tool, user, change, status):
    alice, bob = user(), user()
    room = alice.room(is_private=False)["room_id"]
    options = {"--admin": alice.name, **change}
    if options["--admin"] == "bob":
        options["--admin"] = bob.name
    where = options.pop("room", room)
    words = [word for name, value in options.items() if value for word in (name, value)]
    assert tool.run("room", "link", "add", where, *words).returncode == status
    assert tool.run("room", "link", "remove", room, 2 ** 60).returncode == 1
    assert tool.json("room", "link", "list", room)["results"] == []
