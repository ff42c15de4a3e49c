"""Pages end at a mebibyte, whatever their limit; lists go by key; replays read a room once."""

import pytest

from support.answers import assert_error
from support.client import Client, fresh_name
from support.counters import spent

pytestmark = pytest.mark.slow("a hundred thousand rows")

MEBIBYTE = 1024 * 1024
HEAVY = "\x01" * 8000  # 48,000 bytes in JSON
TOTAL = 60


@pytest.fixture(scope="module")
def heavy(instance):
    """A user and a room with 60 long messages."""
    client = Client(instance).register()
    room = client.room()["room_id"]
    for _ in range(TOTAL):
        client.say(room, "x" + HEAVY[:-2] + "x")
    return client, room


def follow(client, url, link):
    """The pages from url on, by this link; each is short enough."""
    pages = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200
        assert len(answer.content) <= MEBIBYTE
        pages.append(answer.json())
        url = pages[-1][link]
        if url:
            url = "/" + url.split("/", 3)[3]
    return pages


def ids(pages):
    return [message["message_id"] for page in pages for message in page["results"]]


def test_pages_of_messages_by_offset_end_at_a_mebibyte(heavy):
    client, room = heavy
    pages = follow(client, f"/api/chat/rooms/{room}/messages/?limit=200", "next")
    assert len(pages) == 3
    assert len(set(ids(pages))) == TOTAL and ids(pages) == sorted(ids(pages), reverse=True)
    assert {page["count"] for page in pages} == {TOTAL}
    assert pages[1]["previous"].endswith(f"/api/chat/rooms/{room}/messages/?limit=200")


def test_pages_of_messages_by_cursor_end_at_a_mebibyte(heavy):
    client, room = heavy
    path = f"/api/chat/rooms/{room}/messages/"
    newest = client.get(path + "?limit=1").json()["results"][0]["message_id"]
    back = follow(client, f"{path}?before={newest}&limit=200", "next")
    assert len(ids(back)) == TOTAL - 1 and ids(back) == sorted(ids(back), reverse=True)
    forth = follow(client, f"{path}?after=0&limit=200", "previous")
    assert len(ids(forth)) == TOTAL
    assert all(ids([page]) == sorted(ids([page]), reverse=True) for page in forth)
    assert sorted(ids(forth)) == sorted([*ids(back), newest])
    after = ids([client.get(f"{path}?after={min(ids(forth))}&limit=200").json()])
    assert min(after) == sorted(ids(forth))[1], "those next to the cursor"


def test_a_page_of_messages_that_fits_is_not_cut(heavy):
    client, room = heavy
    for query in ("limit=20", "limit=20&before=999999999"):
        answer = client.get(f"/api/chat/rooms/{room}/messages/?{query}")
        if answer.status_code == 200:
            assert len(answer.json()["results"]) == 20


def test_pages_of_events_end_at_a_mebibyte_and_say_more(heavy):
    client, room = heavy
    after, seen, last = 0, [], None
    while last is None or after < last:
        answer = client.get(f"/api/chat/rooms/{room}/events/?after={after}&limit=1000")
        assert len(answer.content) <= MEBIBYTE
        body = answer.json()
        last = body["last_seq"]
        seen += [event["seq"] for event in body["events"]]
        assert ("more" in body) == (seen[-1] < last)
        assert body.get("more", True) is True
        after = seen[-1]
    assert seen == list(range(1, last + 1))
    assert list(client.get(f"/api/chat/rooms/{room}/events/?after=0&limit=5").json()) == [
        "events", "last_seq"]


def test_lists_of_rooms_end_at_a_mebibyte(heavy):
    client, _ = heavy
    rooms = [client.room(f"room {number}")["room_id"] for number in range(30)]
    for room in rooms:
        client.say(room, "x" + HEAVY[:-2] + "x")
    pages = follow(client, "/api/chat/rooms/?limit=200", "next")
    found = [room["room_id"] for page in pages for room in page["results"]]
    assert len(pages) == 2 and len(found) == len(set(found)) == 31
    tag = client.get("/api/chat/rooms/?limit=200").headers["ETag"]
    assert client.get("/api/chat/rooms/?limit=200",
                      headers={"If-None-Match": tag}).status_code == 304
    client.say(rooms[0])
    assert client.get("/api/chat/rooms/?limit=200",
                      headers={"If-None-Match": tag}).status_code == 200


def test_a_long_page_of_small_events_is_whole(instance):
    client = Client(instance).register()
    room = client.room()["room_id"]
    for number in range(420):
        client.patch(f"/api/chat/rooms/{room}/", json={"name": f"name {number}"})
    path = f"/api/chat/rooms/{room}/events/?after=0&limit=1000"
    body = client.get(path).json()
    assert [event["seq"] for event in body["events"]] == list(range(1, 421))
    assert {event["room"]["name"] for event in body["events"]} == {"name 419"}
    assert spent(instance, lambda: client.get(path), "Com_stmt_execute") < 20, "the room is read once for each slice"


# ---- users by key ----

@pytest.fixture(scope="module")
def many(shared):
    """A system with 10,200 users whose names share a prefix, 150 of them disabled."""
    system = shared(CONFAB_REGISTRATION="open")
    client = Client(system).register()
    stem = fresh_name("m").replace("-", "x")[:20]
    system.sql("INSERT INTO user (username, password_hash, created_at, is_active) "
               "SELECT CONCAT(?, LPAD(seq, 6, '0')), '', SYSDATE(6), seq > 150 "
               "FROM seq_1_to_10350", stem)
    return system, client, stem


def test_users_are_counted_up_to_10000(many):
    _, client, stem = many
    count = {search: client.get("/api/chat/users/", params={"search": search}).json()["count"]
             for search in (stem, stem + "001", stem + "000", stem + "zzz")}
    assert count == {stem: None, stem + "001": 1000, stem + "000": 849, stem + "zzz": 0}


def test_the_links_of_users_go_by_name(many):
    system, client, stem = many
    pages = follow(client, f"/api/chat/users/?search={stem}001&limit=200", "next")
    names = [user["username"] for page in pages for user in page["results"]]
    assert names == [f"{stem}001{number:03}" for number in range(1000)]
    assert pages[0]["next"] == (f"{system.url}/api/chat/users/?limit=200&after={names[199]}"
                                f"&search={stem}001")
    assert pages[0]["previous"] is None
    last = pages[-1]["results"][0]["username"]
    back = follow(client, f"/api/chat/users/?search={stem}001&limit=200&before={last}", "previous")
    assert [user["username"] for page in reversed(back) for user in page["results"]] == names[:800]
    assert all(page["next"] for page in back)


def test_a_large_offset_of_users_depends_on_their_number(many):
    _, client, stem = many
    for search, offset, status in ((stem, 10000, 200), (stem, 10001, 400), (stem + "001", 999, 200),
                                   (stem + "001", 1000, 200), (stem + "001", 10001, 200)):
        answer = client.get("/api/chat/users/", params={"search": search, "offset": offset})
        assert answer.status_code == status
        assert status == 400 or len(answer.json()["results"]) == {10000: 50, 999: 1}.get(offset, 0)
    answer = client.get("/api/chat/users/?offset=10001&after=" + stem)
    assert len(answer.json()["results"]) == 50, "the cursor is used instead"


@pytest.mark.parametrize("query, field", [
    ("offset=10001", "offset"), ("after=%2A%2A%2A", "after"), ("before=x", "before"),
    ("after=abc&before=abd", "before"), ("after=%ff%ff%ff", "after")])
def test_bad_places_in_the_list_of_users_are_400(many, query, field):
    system, client, _ = many
    assert_error(system.fcgi(f"/api/chat/users/?{query}", token=client.token), 400, [field])


def test_late_pages_of_users_and_members_sort_nothing(many):
    system, client, stem = many
    room = client.room()["room_id"]
    system.sql("INSERT INTO member (room_id, user_id, is_admin, joined_at) "
               "SELECT ?, user_id, FALSE, SYSDATE(6) FROM user WHERE username LIKE ?", room,
               stem + "%")
    system.sql("UPDATE room SET members_count = (SELECT COUNT(*) FROM member m "
               "WHERE m.room_id = room.room_id) WHERE room_id = ?", room)

    def rows(path):
        def read():
            assert client.get(path).status_code == 200
        return spent(system, read, "Innodb_rows_read", "Handler_read_rnd_next", "Sort_rows")

    # Counting and skipping reads entries of an index; nothing is sorted.
    assert rows(f"/api/chat/users/?search={stem}&after={stem}010300&limit=10") < 10500
    assert rows(f"/api/chat/rooms/{room}/members/?limit=10&offset=10000") < 10500
