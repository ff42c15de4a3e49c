"""Lists of bans and silences: of one room, and of all rooms that a user moderates."""

import pytest
from support.counters import ROWS_READ, spent
from support.instance import bind
from support.shapes import A_TIME, refusal

ROOM = "/api/chat/rooms/{}/"
BANS, SILENCES = "/api/chat/bans/", "/api/chat/silences/"


class Room:
    """A room with a moderator and a member."""

    def __init__(self, user, **more):
        self.admin, self.moderator, self.member = user(), user(), user()
        self.id = self.admin.room(**more)["room_id"]
        self.path = ROOM.format(self.id)
        for client in (self.moderator, self.member):
            self.admin.invite(self.id, client)
        self.admin.patch(f"{self.path}members/{self.moderator.id}/", json={"role": "moderator"})

    def silence(self, client, minutes=60, by=None):
        answer = (by or self.moderator).post(f"{self.path}silence/", json={
            "user_id": client.id, "minutes": minutes})
        assert answer.status_code == 200, answer.text
        return answer.json()["until"]

    def ban(self, client, **more):
        answer = self.moderator.post(f"{self.path}bans/", json={"user_id": client.id, **more})
        assert answer.status_code == 201, answer.text


@pytest.fixture
def room(user):
    return Room(user)


@pytest.fixture
def site_moderator(user, instance):
    client = user()
    instance.sql("UPDATE user SET is_moderator = TRUE WHERE user_id = ?", client.id)
    yield client
    instance.sql("UPDATE user SET is_moderator = FALSE WHERE user_id = ?", client.id)


def results(client, path, **options):
    answer = client.get(path, params=options)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_moderators_see_the_silences_that_others_began(room, user):
    until = room.silence(room.member)
    silence = {"room_id": room.id, "user_id": room.member.id, "username": room.member.name,
               "silenced_by_id": room.moderator.id, "created_at": A_TIME, "until": until}
    for client in (room.admin, room.moderator):
        answer = client.get(f"{room.path}silences/")
        assert answer.json() == {"count": 1, "next": None, "previous": None, "results": [silence]}
        assert results(client, SILENCES) == [silence]
    answer = room.member.get(f"{room.path}silences/")
    assert (answer.status_code, answer.json()) == (403, refusal("permission_denied"))
    assert results(room.member, SILENCES) == [] == results(user(), SILENCES)
    room.silence(room.member, 5, by=room.admin)
    [again] = results(room.moderator, SILENCES)
    assert (again["silenced_by_id"], again["until"] < until) == (room.admin.id, True)


def test_a_silence_that_has_ended_is_in_no_list(room, user, instance):
    first, second = user(), user()
    for client in (first, second):
        room.admin.invite(room.id, client)
    room.silence(first, 30)
    room.silence(room.member, 10)
    room.silence(second, 20)
    shown = [one["user_id"] for one in results(room.admin, f"{room.path}silences/")]
    assert shown == [room.member.id, second.id, first.id]
    [one] = results(room.admin, SILENCES, limit=1, offset=1)
    assert one["user_id"] == second.id
    instance.sql("UPDATE silence SET until = NOW(6) - INTERVAL 1 SECOND "
                 "WHERE room_id = ? AND user_id = ?", room.id, second.id)
    answer = room.moderator.delete(f"{room.path}silence/", json={"user_id": first.id})
    assert answer.status_code == 204
    for path in (f"{room.path}silences/", SILENCES):
        answer = room.admin.get(path).json()
        assert (answer["count"], [one["user_id"] for one in answer["results"]]) == (
            1, [room.member.id])


def test_a_silence_of_an_earlier_version_is_listed_without_its_moderator(room, instance):
    room.silence(room.member)
    instance.sql("UPDATE silence SET silenced_by_id = 0, created_at = NULL WHERE room_id = ?",
                 room.id)
    [silence] = results(room.moderator, f"{room.path}silences/")
    assert (silence["silenced_by_id"], silence["created_at"]) == (None, None)


def test_bans_of_all_rooms_are_one_list(room, user):
    other = Room(user)
    banned, twice = user(), user()
    room.ban(room.member, reason="spam")
    room.ban(twice)
    other.ban(twice)
    other.ban(banned)
    room.admin.invite(room.id, other.moderator)
    room.admin.patch(f"{room.path}members/{other.moderator.id}/", json={"role": "moderator"})
    assert [(one["room_id"], one["user_id"]) for one in results(other.moderator, BANS)] == [
        (other.id, banned.id), (other.id, twice.id), (room.id, twice.id),
        (room.id, room.member.id)]
    [first] = results(room.moderator, BANS, limit=1, offset=1)
    assert first == {"room_id": room.id, "user_id": room.member.id,
                     "username": room.member.name, "banned_by_id": room.moderator.id,
                     "reason": "spam", "created_at": A_TIME, "until": None}
    assert results(room.member, BANS) == results(user(), BANS) == []
    assert room.moderator.get(f"{BANS}?limit=1").json()["count"] == 2


def test_a_site_moderator_sees_bans_and_silences_of_private_rooms(room, user, site_moderator):
    silenced = user()
    room.admin.invite(room.id, silenced)
    until = room.silence(silenced)
    room.ban(room.member)
    [ban] = [one for one in results(site_moderator, BANS, limit=200) if one["room_id"] == room.id]
    assert ban["user_id"] == room.member.id
    answer = site_moderator.get(SILENCES, params={"limit": 200}).json()
    assert answer["count"] >= 1
    assert (room.id, silenced.id, until) in [
        (one["room_id"], one["user_id"], one["until"]) for one in answer["results"]]
    # Bans from the site are in their own list, with no room.
    site = site_moderator.post("/api/site/bans/", json={"user_id": silenced.id}).json()
    assert site["room_id"] is None
    assert silenced.id not in [one["user_id"] for one in results(site_moderator, BANS, limit=200)]
    assert site_moderator.delete(f"/api/site/bans/{silenced.id}/").status_code == 204


def executed(instance, ask, part, *values):
    """The statement with this part that fcgi-api runs for ask(). The log has no values of one that
    a process has prepared before."""
    instance.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; "
                 "SET GLOBAL general_log = ON")
    try:
        ask()
    finally:
        instance.sql("SET GLOBAL general_log = OFF")
    [(statement,)] = instance.sql(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
        "WHERE command_type = 'Execute' AND LOCATE(?, argument)", part)
    return bind(statement, values) if "?" in statement else statement


def rows_read(instance, statement):
    """How many rows and entries of indexes a statement reads, those of sorts included."""
    *_, (count,) = instance.sql(
        f"FLUSH STATUS; {statement}; SELECT CAST(SUM(variable_value) AS INT) FROM "
        "information_schema.session_status WHERE variable_name LIKE 'Handler_read%'")
    return count


# More than a page has, and older than the bans of users who are there.
OLDER = 20_000


def ban_many(instance, room):
    instance.sql("INSERT INTO ban (room_id, user_id, banned_by_id, created_at) SELECT "
                 "?, 900000000 + seq, ?, NOW(6) - INTERVAL 100 DAY - INTERVAL seq SECOND "
                 f"FROM seq_1_to_{OLDER}; ANALYZE TABLE ban", room.id, room.admin.id)


@pytest.fixture
def many(room, user, instance):
    """Bans a lot of users from the room; returns the ids of those who are there, the latest ban
    first."""
    others = "FROM user WHERE user_id NOT IN (?, ?)"
    instance.sql("INSERT INTO ban (room_id, user_id, banned_by_id, created_at) "
                 f"SELECT ?, user_id, ?, NOW(6) - INTERVAL user_id SECOND {others}",
                 room.id, room.admin.id, room.admin.id, room.moderator.id)
    ban_many(instance, room)
    yield [number for (number,) in instance.sql(
        f"SELECT user_id {others} ORDER BY user_id", room.admin.id, room.moderator.id)]
    instance.sql("DELETE FROM ban WHERE room_id = ?", room.id)


def test_a_long_list_of_bans_is_read_along_an_index(room, many, instance):
    path = f"{room.path}bans/"
    statement = executed(instance, lambda: results(room.moderator, path, limit=2, offset=5),
                         "ORDER BY b.created_at DESC", room.id, 2, 5)
    plan = str(instance.sql(f"EXPLAIN {statement}"))
    assert "of_room" in plan and "filesort" not in plan and "temporary" not in plan
    assert rows_read(instance, statement) < 50
    answer = room.moderator.get(path).json()
    assert answer["count"] == len(many) + OLDER
    seen = []
    for offset in range(0, len(many), 200):
        seen += [one["user_id"] for one in results(room.moderator, path, limit=200, offset=offset)]
    assert seen == many


def test_a_page_of_the_bans_of_own_rooms_reads_no_more_than_it_has(room, many, user, instance):
    """However many there are: those of each room are read along the index, up to the page."""
    other, single = Room(user), user()
    room.admin.invite(room.id, other.moderator)
    room.admin.patch(f"{room.path}members/{other.moderator.id}/", json={"role": "moderator"})
    other.ban(single)

    def page():
        return results(other.moderator, BANS, limit=2, offset=3)

    reader = other.moderator.id
    statement = executed(instance, page, "ORDER BY b.created_at DESC", 4, reader, reader, 2, 3)
    assert rows_read(instance, statement) < 200
    first = results(other.moderator, BANS, limit=200)
    assert [(one["room_id"], one["user_id"]) for one in first] == [
        (other.id, single.id), *((room.id, number) for number in many)][:200]
    assert page() == first[3:5]
    last = results(other.moderator, BANS, limit=2, offset=len(many))
    assert [one["user_id"] for one in last] == many[-1:]


READ = ("SELECT CAST(SUM(variable_value) AS INT) FROM information_schema.global_status "
        "WHERE variable_name LIKE 'Handler_read%'")


def test_a_request_looks_at_no_other_bans_of_its_room(user, instance):
    room = Room(user, is_private=False)
    room.ban(room.member)

    def cost(ask):
        """Rows that are read meanwhile; others may read, too."""
        def once():
            [(before,)] = instance.sql(READ)
            assert ask().status_code == 403
            [(after,)] = instance.sql(READ)
            return after - before
        return min(once() for _ in range(3))

    asks = [lambda: room.member.post(f"{room.path}messages/", json={"content": "x"}),
            lambda: room.member.post(f"{room.path}join/"),
            lambda: room.member.get(f"{room.path}events/")]
    before = [cost(ask) for ask in asks]
    ban_many(instance, room)
    after = [cost(ask) for ask in asks]
    instance.sql("DELETE FROM ban WHERE room_id = ?", room.id)
    assert all(abs(one - other) < 100 for one, other in zip(before, after)), (before, after)


def test_housekeeping_reads_what_is_over_along_an_index(room, instance):
    """However many bans and silences hold still."""
    many, far = "FROM seq_1_to_5000", "'2100-01-01'"

    def purge():
        assert instance.confabctl("events", "purge").returncode == 0
    before = spent(instance, purge, *ROWS_READ, times=3)
    instance.sql(
        "INSERT INTO ban (room_id, user_id, banned_by_id, created_at, until) "
        f"SELECT ?, 900000000 + seq, ?, NOW(6), {far} {many}; "
        "INSERT INTO identity_ban (identity, room_id, until) "
        f"SELECT LPAD(seq, 40, '0'), ?, {far} {many}; "
        f"INSERT INTO silence (room_id, user_id, until) SELECT ?, 900000000 + seq, {far} {many}; "
        "INSERT INTO slow_post (room_id, user_id, posted_at) "
        f"SELECT ?, 900000000 + seq, NOW(6) {many}",
        room.id, room.admin.id, room.id, room.id, room.id)
    try:
        assert spent(instance, purge, *ROWS_READ, times=3) < before + 2000
    finally:
        for table in ("ban", "identity_ban", "silence", "slow_post"):
            instance.sql(f"DELETE FROM {table} WHERE room_id = ?", room.id)
