"""Permissions: every endpoint, for every role, in every kind of room."""
import pytest

from support.lists import assert_complete
from support.routes import route_of, routes
from support.shapes import A_DETAIL, NOT_FOUND

# The status of each endpoint, in a private and in a public room for: its admin, a member (the
# sender of the message), another member, a non-member; in a direct room for: the sender of the
# message, the other member, a non-member.
READING = "200 200 200 404 | 200 200 200 403 | 200 200 404"

TABLE = {
    "show the room": ("GET", "", None, "200 200 200 404 | 200 200 200 200 | 200 200 404"),
    "rename it": ("PATCH", "", {"name": "New"},
                  "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "open it": ("PATCH", "", {"is_private": False},
                "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "delete it": ("DELETE", "", None, "204 403 403 404 | 204 403 403 403 | 403 403 404"),
    "invite": ("POST", "invite/", {"user_id": "newcomer"},
               "201 403 403 404 | 201 403 403 403 | 403 403 404"),
    "invite a member": ("POST", "invite/", {"user_id": "member"},
                        "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "join": ("POST", "join/", None, "200 200 200 404 | 200 200 200 201 | 403 403 404"),
    "leave": ("POST", "remove_member/", {"user_id": "caller"},
              "204 204 204 404 | 204 204 204 404 | 403 403 404"),
    "remove a member": ("POST", "remove_member/", {"user_id": "target"},
                        "204 403 403 404 | 204 403 403 403 | 403 403 404"),
    "remove a user who is not a member": ("POST", "remove_member/", {"user_id": "newcomer"},
                           "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "hide it": ("PATCH", "me/", {"is_hidden": True}, READING),
    "list members": ("GET", "members/", None, READING),
    "make an admin": ("PATCH", "members/{target}/", {"is_admin": True},
                      "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "make a user an admin who is not a member": ("PATCH", "members/{newcomer}/", {"is_admin": True},
                                     "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "report a message": ("POST", "messages/{message}/report/", {"reason": "spam"},
                         "201 201 201 404 | 201 201 201 403 | 201 201 404"),
    "silence": ("POST", "silence/", {"user_id": "target", "minutes": 5},
                "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "end a silence": ("DELETE", "silence/", {"user_id": "target"},
                      "204 403 403 404 | 204 403 403 403 | 403 403 404"),
    "ban": ("POST", "bans/", {"user_id": "target"},
            "201 403 403 404 | 201 403 403 403 | 403 403 404"),
    "list bans": ("GET", "bans/", None, "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "list silences": ("GET", "silences/", None, "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "end a ban": ("DELETE", "bans/{target}/", None,
                  "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "list held messages": ("GET", "held/", None, READING),
    "let one through": ("POST", "held/{target}/approve/", None,
                        "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "drop one": ("DELETE", "held/{target}/", None,
                 "404 404 404 404 | 404 404 404 404 | 404 404 404"),
    "make a link": ("POST", "links/", {"role": "moderator"},
                    "201 403 403 404 | 201 403 403 403 | 403 403 404"),
    "list links": ("GET", "links/", None, "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "end a link": ("DELETE", "links/{link}/", None,
                   "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "end a link by its text": ("DELETE", "links/", {"link": "a" * 40},
                               "404 403 403 404 | 404 403 403 403 | 403 403 404"),
    "mark as read": ("POST", "read/", {"message_id": "message"}, READING),
    "see how far all have read": ("GET", "reads/", None, READING),
    "see who has read a message": ("GET", "messages/{message}/reads/", None, READING),
    "mark as unread": ("POST", "unread/", {"message_id": "message"}, READING),
    "see who is there": ("GET", "presence/", None, READING),
    "list messages": ("GET", "messages/", None, READING),
    "post": ("POST", "messages/", {"content": "hi"},
             "201 201 201 404 | 201 201 201 403 | 201 201 404"),
    "show a message": ("GET", "messages/{message}/", None, READING),
    "edit it": ("PATCH", "messages/{message}/", {"content": "other words"},
                "403 200 403 404 | 403 200 403 403 | 200 403 404"),
    "delete the message": ("DELETE", "messages/{message}/", None,
                           "204 204 403 404 | 204 204 403 403 | 204 403 404"),
    "list replies": ("GET", "messages/{message}/replies/", None, READING),
    "list reactions": ("GET", "messages/{message}/reactions/", None, READING),
    "react": ("PUT", "messages/{message}/reactions/", {"emoji": "👍"}, READING),
    "take that back": ("DELETE", "messages/{message}/reactions/?emoji=👍", None, READING),
    "let all pin": ("PATCH", "", {"may_pin": "all"},
                    "200 403 403 404 | 200 403 403 403 | 403 403 404"),
    "list pins": ("GET", "pins/", None, READING),
    "pin a message": ("PUT", "pins/{message}/", None,
                      "200 403 403 404 | 200 403 403 403 | 200 200 404"),
    "end the pin": ("DELETE", "pins/{message}/", None,
                    "204 403 403 404 | 204 403 403 403 | 204 204 404"),
    "list events": ("GET", "events/", None, READING),
    "announce a file": ("POST", "files/", {"name": "a", "size": 1, "media_type": "text/plain"},
                        "201 201 201 404 | 201 201 201 403 | 201 201 404"),
}

CASES = [(kind, caller)
         for kind, callers in (("private", "admin member other stranger"),
                               ("public", "admin member other stranger"),
                               ("direct", "member other stranger"))
         for caller in callers.split()]

ROOM = "/api/chat/rooms/{room}/"

ROWS = [(action, kind, caller, int(status))
        for action, row in TABLE.items()
        for (kind, caller), status in zip(CASES, row[3].replace("|", " ").split(), strict=True)]


@pytest.fixture(scope="module")
def people(user):
    return {name: user() for name in ("admin", "member", "other", "stranger", "newcomer")}


def build(kind, people):
    """Creates a room of that kind with one message: the ids for paths."""
    ids = {name: client.id for name, client in people.items()}
    if kind == "direct":
        room = people["member"].post("/api/chat/rooms/direct/",
                                     json={"user_id": ids["other"]}).json()
    else:
        room = people["admin"].room(is_private=kind == "private")
        people["admin"].invite(room["room_id"], people["member"])
        people["admin"].invite(room["room_id"], people["other"])
    ids["room"], ids["link"] = room["room_id"], 2 ** 62
    ids["message"] = people["member"].say(room["room_id"])["message_id"]
    return ids


def call(client, ids, method, path, body):
    if body:
        body = {key: ids.get(value, value) for key, value in body.items()}
    return client.request(method, (ROOM + path).format(**ids), json=body)


def test_every_route_of_a_room_is_in_the_table():
    tested = {(method, route_of(ROOM + path)) for method, path, _, _ in TABLE.values()}
    of_rooms = {(method, path) for method, path in routes() if path.startswith(route_of(ROOM))}
    assert_complete(tested, of_rooms, "TABLE of tests/api/test_rooms_access.py")


@pytest.mark.slow("each role at each path")
@pytest.mark.parametrize("action, kind, caller, status", ROWS,
                         ids=[f"{row[0]}-{row[1]}-{row[2]}".replace(" ", "_") for row in ROWS])
def test_each_endpoint_answers_each_role_as_specified(people, action, kind, caller, status):
    ids = build(kind, people)
    ids["caller"] = people[caller].id
    ids["target"] = ids["member"] if caller == "other" else ids["other"]
    method, path, body, _ = TABLE[action]
    answer = call(people[caller], ids, method, path, body)
    assert answer.status_code == status, answer.text
    if status == 404:
        assert answer.json() == NOT_FOUND
    if status == 403:
        assert answer.json() == A_DETAIL


@pytest.mark.parametrize("action", TABLE)
def test_an_unknown_room_is_404(people, action):
    ids = build("private", people)
    ids.update(room=2 ** 62, caller=ids["admin"], target=ids["other"])
    answer = call(people["admin"], ids, *TABLE[action][:3])
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("action", TABLE)
def test_a_deleted_room_is_404(people, action):
    ids = build("public", people)
    ids.update(caller=ids["admin"], target=ids["other"])
    people["admin"].delete(f"/api/chat/rooms/{ids['room']}/")
    answer = call(people["admin"], ids, *TABLE[action][:3])
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("action", TABLE)
def test_a_public_room_is_401_without_credentials(people, anonymous, action):
    ids = build("public", people)
    ids.update(caller=ids["admin"], target=ids["other"])
    answer = call(anonymous, ids, *TABLE[action][:3])
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("action", [name for name, row in TABLE.items() if "{message}" in row[1]])
def test_a_message_of_another_room_is_404(people, action):
    ids = build("private", people)
    ids["message"] = people["member"].say(build("private", people)["room"])["message_id"]
    # The admin may do most; the sender may edit.
    caller = "member" if action == "edit it" else "admin"
    answer = call(people[caller], ids, *TABLE[action][:3])
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("caller, method, path", [
    ("other", "PATCH", ""), ("other", "PATCH", "messages/{message}/"),
    ("stranger", "PATCH", ""), ("stranger", "POST", "messages/")])
def test_a_refused_change_keeps_the_room_unchanged(people, caller, method, path):
    ids = build("public", people)
    before = people["admin"].get(f"/api/chat/rooms/{ids['room']}/").json()
    body = {"name": "x", "content": "x"}
    assert call(people[caller], ids, method, path, body).status_code == 403
    assert people["admin"].get(f"/api/chat/rooms/{ids['room']}/").json() == before
