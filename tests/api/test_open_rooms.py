"""Open rooms: read without credentials, written by members alone."""

import pytest
from support.client import Client
from support.files import send
from support.shapes import A_TEXT, A_TIME, refusal
from support.websocket import Socket

ROOM = "/api/chat/rooms/{}/"
PUBLIC = "public, max-age=2"


class Scene:
    def __init__(self, instance, user):
        self.admin, self.visitor = user(), Client(instance)
        self.id = self.admin.room(is_private=False)["room_id"]
        self.path = ROOM.format(self.id)
        self.open(True)
        self.file = send(self.admin, {"room_id": self.id})
        self.message = self.admin.say(self.id, "hello", files=[self.file["file_id"]])["message_id"]
        self.unused = send(self.admin, {"room_id": self.id})

    def open(self, is_open):
        answer = self.admin.patch(self.path, json={"is_open": is_open})
        assert (answer.status_code, answer.json()["is_open"]) == (200, is_open)

    def paths(self):
        return [self.path, f"{self.path}messages/", f"{self.path}messages/?around={self.message}",
                f"{self.path}messages/{self.message}/", f"{self.path}events/", self.file["url"]]


@pytest.fixture(scope="module")
def scene(instance, user):
    return Scene(instance, user)


@pytest.mark.everywhere
def test_it_is_read_without_credentials_and_cached_for_two_seconds(instance, user):
    scene = Scene(instance, user)
    for path in scene.paths():
        answer = scene.visitor.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, PUBLIC), path
        assert "Set-Cookie" not in answer.headers and "X-Confab-User-Id" not in answer.headers
        vary = {name.strip() for name in answer.headers["Vary"].split(",")}
        assert {"Authorization", "X-Confab-Token", "Cookie"} <= vary
        again = scene.visitor.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.headers["Cache-Control"]) == (304, PUBLIC)
        own = scene.admin.get(path)
        assert own.status_code == 200 and own.headers["Cache-Control"].startswith("private")
    shown = scene.visitor.get(scene.path).json()
    assert (shown["is_open"], shown["is_admin"], shown["unread_count"]) == (True, False, 0)
    assert shown["role"] == "viewer"
    assert scene.admin.get(scene.path).json()["is_admin"] is True


def test_a_user_outside_the_room_reads_it_with_credentials_too(scene, user):
    stranger = user()
    for path in scene.paths():
        answer = stranger.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"].startswith("private")
    for path in ("members/", "reads/", "links/"):
        assert stranger.get(scene.path + path).status_code == 403
    assert stranger.post(f"{scene.path}messages/", json={"content": "x"}).status_code == 403


def test_bad_credentials_are_refused_and_nothing_else_is_open(scene, instance):
    for headers in ({"Authorization": "Token " + "0" * 40}, {"Cookie": "sessionid=" + "0" * 40}):
        assert scene.visitor.get(scene.path, headers=headers).status_code == 401
    # A cookie of the site itself is none.
    answer = scene.visitor.get(scene.path, headers={"Cookie": "theme=dark"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, PUBLIC)
    for path in ("members/", "presence/", "reads/", "pins/", "bans/", "links/"):
        assert scene.visitor.get(scene.path + path).status_code == 401
    for method, path in (("POST", "messages/"), ("POST", "join/"), ("PATCH", "")):
        answer = scene.visitor.request(method, scene.path + path, json={"content": "x"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert scene.visitor.get(scene.unused["url"]).status_code == 401
    assert scene.visitor.get(f"/api/chat/files/{scene.file['file_id']}/link/").status_code == 401
    unknown = scene.visitor.get(ROOM.format(2 ** 62))
    assert unknown.status_code == 401


def test_a_private_room_can_be_open_and_a_ban_holds(instance, user):
    admin, banned, visitor = user(), user(), Client(instance)
    room = admin.room()["room_id"]
    path = ROOM.format(room)
    admin.patch(path, json={"is_open": True})
    for client in (visitor, banned):
        assert client.get(path).json()["is_private"] is True
        assert client.get(f"{path}messages/").status_code == 200
    assert banned.post(f"{path}join/").status_code == 404
    admin.post(f"{path}bans/", json={"user_id": banned.id})
    assert banned.get(f"{path}messages/").status_code == 404
    assert banned.post(f"{path}messages/", json={"content": "x"}).status_code == 404


def test_closing_it_closes_it(instance, user):
    scene = Scene(instance, user)
    scene.admin.patch(scene.path, json={"is_archived": True})
    assert scene.visitor.get(f"{scene.path}messages/").status_code == 200
    scene.admin.patch(scene.path, json={"is_archived": False})
    scene.open(False)
    for path in scene.paths():
        answer = scene.visitor.get(path)
        assert (answer.status_code, answer.json()) == (401, refusal("not_authenticated")), path
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_its_history_is_seen_by_all(instance, user):
    scene = Scene(instance, user)
    scene.admin.patch(scene.path, json={"history": "joined"})
    late = user()
    late.post(f"{scene.path}join/")
    for client in (late, scene.visitor):
        assert client.get(f"{scene.path}messages/").json()["count"] == 1
    scene.open(False)
    assert late.get(f"{scene.path}messages/").json()["count"] == 0


def test_a_stranger_is_limited_by_address(shared, instance):
    limited = shared(CONFAB_RATE_LIMITS="on", CONFAB_RATE_REQUESTS="1",
                     CONFAB_RATE_REQUESTS_BURST="30")
    admin = Client(limited).register()
    room = admin.room()["room_id"]
    admin.patch(ROOM.format(room), json={"is_open": True})
    answers = [Client(limited).get(ROOM.format(room)).status_code for _ in range(80)]
    assert answers[0] == 200 and 429 in answers


# ---- sockets ----

@pytest.fixture(scope="module")
def open_sockets(shared):
    return shared(CONFAB_OPEN_SOCKETS="on")


def visit(instance, room_id, **options):
    return Socket.open(instance, f"/ws/chat/{room_id}/", **options)


def refused(socket, code, word):
    frame = socket.next()
    assert (frame["type"], frame["code"]) == ("error", word)
    assert socket.closed() == code


@pytest.mark.parametrize("kind", ["anonymous", "stranger"])
def test_a_socket_gets_events_and_sends_nothing(open_sockets, kind):
    admin, stranger = Client(open_sockets).register(), Client(open_sockets).register()
    room = admin.room()["room_id"]
    admin.patch(ROOM.format(room), json={"is_open": True})
    live = admin.socket(room)
    assert live.next()["type"] == "connected"
    token = stranger.token if kind == "stranger" else None
    socket = visit(open_sockets, room, since=0, token=token)
    user_id = stranger.id if token else None
    assert socket.next() == {"type": "connected", "room_id": room, "user_id": user_id, "seq": 0,
                             "online": []}
    assert socket.next()["type"] == "room_updated"
    socket.send({"type": "typing"})
    admin.say(room, "hello")
    event = socket.next()
    assert (event["type"], event["message"]["content"]) == ("new_message", "hello")
    # The visitor is not shown to anyone.
    assert live.next()["type"] == "new_message"
    admin.patch(ROOM.format(room), json={"is_open": False})
    assert socket.next()["type"] == "room_updated"
    assert socket.closed() == 4403


def test_a_visitor_who_joins_is_shown_to_the_others(open_sockets):
    admin, stranger = Client(open_sockets).register(), Client(open_sockets).register()
    room = admin.room(is_private=False)["room_id"]
    admin.patch(ROOM.format(room), json={"is_open": True})
    live = admin.socket(room)
    assert live.next()["type"] == "connected"
    visitor = visit(open_sockets, room, token=stranger.token)
    assert visitor.next()["online"] == []
    stranger.post(ROOM.format(room) + "join/")
    frames = {frame["type"]: frame for frame in (live.next(), live.next())}
    assert set(frames) == {"user_invited", "user_joined"}
    assert frames["user_joined"]["user_id"] == stranger.id
    online = admin.get(ROOM.format(room) + "presence/").json()["online"]
    assert {user["user_id"] for user in online} == {admin.id, stranger.id}
    visitor.close()
    assert live.until("user_left")["user_id"] == stranger.id


def test_a_socket_without_credentials_needs_an_open_room_and_the_option(open_sockets, instance,
                                                                        scene):
    admin = Client(open_sockets).register()
    room = admin.room(is_private=False)["room_id"]
    for path in (f"/ws/chat/{room}/", f"/ws/chat/{2 ** 62}/", "/ws/chat/notifications/"):
        refused(Socket.open(open_sockets, path), 4401, "unauthenticated")
    refused(visit(instance, scene.id), 4401, "unauthenticated")
    refused(visit(open_sockets, room, token="0" * 40), 4401, "unauthenticated")


def test_many_sockets_without_credentials_are_no_one_user(shared):
    instance = shared(CONFAB_OPEN_SOCKETS="on", CONFAB_MAX_SOCKETS_USER="2")
    admin = Client(instance).register()
    room = admin.room()["room_id"]
    admin.patch(ROOM.format(room), json={"is_open": True})
    sockets = [visit(instance, room) for _ in range(5)]
    assert [socket.next()["type"] for socket in sockets] == ["connected"] * 5
    admin.delete(ROOM.format(room))
    for socket in sockets:
        assert socket.until("room_deleted")["deleted_by"] == admin.name
        assert socket.closed() == 4404


# ---- the list ----

LIST = "/api/chat/open-rooms/"


def path(url):
    return url[url.index(LIST):]


def listed(client, **options):
    answer = client.get(LIST, params=options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_list_shows_open_rooms_to_all_and_is_cached(scene, user):
    shown = {"room_id": scene.id, "key": None, "name": A_TEXT, "topic": "", "message_count": 1,
             "members_count": 1, "guests": "none", "is_private": False, "is_archived": False,
             "created_at": A_TIME, "last_active_at": A_TIME}
    answer = scene.visitor.get(LIST)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, PUBLIC)
    assert "Set-Cookie" not in answer.headers and "X-Confab-User-Id" not in answer.headers
    assert {**answer.json(), "results": []} == {"count": None, "next": None, "previous": None,
                                                "results": []}
    assert shown in answer.json()["results"]
    again = scene.visitor.get(LIST, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, PUBLIC)
    for client in (scene.admin, user()):
        own = client.get(LIST)
        assert own.json()["results"] == answer.json()["results"]
        assert own.headers["Cache-Control"].startswith("private")
    answer = scene.visitor.get(LIST, headers={"Authorization": "Token " + "0" * 40})
    assert answer.status_code == 401


def test_the_list_follows_what_rooms_allow(instance, user):
    scene = Scene(instance, user)
    ids = [room["room_id"] for room in listed(scene.visitor)["results"]]
    assert scene.id in ids
    # Also a private one, whose messages anyone may read; members do not see its readers.
    scene.admin.patch(scene.path, json={"is_private": True, "topic": "Spring"})
    [room] = [room for room in listed(scene.visitor)["results"] if room["room_id"] == scene.id]
    assert (room["is_private"], room["topic"]) == (True, "Spring")
    scene.open(False)
    assert scene.id not in [room["room_id"] for room in listed(scene.visitor)["results"]]
    scene.open(True)
    scene.admin.delete(scene.path)
    assert scene.id not in [room["room_id"] for room in listed(scene.visitor)["results"]]


def test_pages_of_the_list_go_by_room(instance, user):
    scenes = [Scene(instance, user) for _ in range(3)]
    visitor, ids = scenes[0].visitor, [scene.id for scene in reversed(scenes)]
    seen, url = [], f"{LIST}?limit=1"
    while url:
        page = visitor.get(url).json()
        seen += [room["room_id"] for room in page["results"]]
        url = page["next"] and path(page["next"])
    assert seen[:3] == ids and seen == sorted(seen, reverse=True)
    page = listed(visitor, after=ids[2], limit=1)
    assert [room["room_id"] for room in page["results"]] == [ids[1]]
    assert visitor.get(path(page["next"])).json()["results"][0]["room_id"] == ids[2]
    assert visitor.get(path(page["previous"])).json()["results"][0]["room_id"] == ids[0]
    # A cursor need not be an open room, and tells nothing of another.
    scenes[1].open(False)
    page = listed(visitor, before=ids[1], limit=1)
    assert page["results"][0]["room_id"] == ids[2]
    last = listed(visitor, after=0, limit=1)
    assert last["next"] is None and last["previous"]
    for options in ({"before": 0}, {"after": "x"}, {"limit": 0}, {"before": 5, "after": 5}):
        assert visitor.get(LIST, params=options).status_code == 400


def test_a_post_leaves_the_index_of_the_list_alone(scene, instance):
    columns = instance.sql("SELECT column_name FROM information_schema.statistics "
                           "WHERE table_schema = DATABASE() AND table_name = 'room' "
                           "AND index_name = 'is_open'")
    assert columns == [("is_open",)] or columns == [["is_open"]]


def test_the_list_can_be_turned_off(shared):
    instance = shared(CONFAB_OPEN_ROOMS_LIST="off")
    answer = Client(instance).get(LIST)
    assert (answer.status_code, answer.json()) == (403, refusal("open_list_off"))
    assert "open_rooms" not in Client(instance).get("/api/").json()["features"]
