"""GET search/: what is found, where it matches, what is not, and how it continues. The index
follows by confab-worker; `indexed` waits for it."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import corpus
from support.client import Client
from support.confabctl import Tool
from support.files import post, send
from support.hooks import Worker
from support.rooms import message_url, remove, url
from support.shapes import refusal, wrong
from support.sql_session import SqlSession
from support.wait import wait_for

SEARCH = "/api/chat/search/"


def index(system):
    """Also the new messages, which are indexed once there are many of them, or none for minutes."""
    move = "UPDATE room SET last_active_at = last_active_at {} INTERVAL 121 SECOND"
    system.sql(move.format("-"))
    with Worker(system, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
    system.sql(move.format("+"))


def bury(system, room, sender, count=600):
    """Adds many messages without words, so that what was there is found by the index only: the
    newest ones are read without it."""
    room_id = room["room_id"]
    system.sql(f"""
        SET @now = NOW(6);
        INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id,
            content) SELECT room_id, message_count + seq, {sender.id}, 1, @now,
            CONCAT('b', message_count + seq), '...' FROM room JOIN seq_1_to_{count} WHERE room_id = {room_id};
        INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)
            SELECT r.room_id, r.last_seq + m.position - r.message_count, 1, m.sender_id,
            m.message_id, m.created_at FROM room r JOIN message m ON m.room_id = r.room_id
            AND m.position > r.message_count WHERE r.room_id = {room_id};
        UPDATE room SET message_count = message_count + {count}, last_seq = last_seq + {count},
            last_active_at = @now WHERE room_id = {room_id}""")


def search(client, q, **options):
    answer = client.get(SEARCH, params={"q": q, **options})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"results", "next"}
    return answer.json()


def contents(client, q, **options):
    return [result["content"] for result in search(client, q, **options)["results"]]


@pytest.fixture(scope="module")
def alice(instance):
    return Client(instance).register()


@pytest.fixture(scope="module")
def talk(instance, alice):
    """A room with these messages, the last of them newest."""
    room = alice.room("Talk")
    for text in ["Hello world", "Helium is light", "hello again, WORLD", "a good morning",
                 "good, morning!", "morning good", "see https://example.org/a", "Say Hélló"]:
        alice.say(room["room_id"], text)
    bury(instance, room, alice)
    index(instance)
    return room


def test_a_result_is_the_message_with_its_room_and_where_it_matches(alice, talk):
    [result] = search(alice, "helium")["results"]
    message = alice.get(message_url(result)).json()
    assert result.keys() == message.keys() | {"room_name", "matches"}
    assert {key: result[key] for key in message} == message
    assert result["room_id"] == talk["room_id"] and result["room_name"] == "Talk"
    assert result["matches"] == [[0, 6]]


@pytest.mark.parametrize("q, found", [
    ("hello", ["Say Hélló", "hello again, WORLD", "Hello world"]),
    ("HEL", ["Say Hélló", "hello again, WORLD", "Helium is light", "Hello world"]),
    ("world hello", ["hello again, WORLD", "Hello world"]),
    ("wor hello", []),    # only the last one is a beginning
    ("hello wor", ["hello again, WORLD", "Hello world"]),
    ('"good morning"', ["good, morning!", "a good morning"]),
    ('"good morn"', []),
    ("“good morning”", ["good, morning!", "a good morning"]),
    ("morning -a", ["morning good", "good, morning!"]),
    ('morning -"good morning"', ["morning good"]),
    ("hel -world", ["Say Hélló", "Helium is light"]),
    ("hello -wor", ["Say Hélló", "hello again, WORLD", "Hello world"]),    # a whole word
    ("nothing", []),
    ("example.org", ["see https://example.org/a"]),
])
def test_words_phrases_and_exclusions(alice, talk, q, found):
    assert contents(alice, q) == found


@pytest.mark.parametrize("text, q, matches", [
    ("Straßen, STRASSE", "strasse", [[0, 6], [9, 16]]),
    ("xx e\u0301te\u0301!", "été", [[3, 8]]),
    ("🎉 héllo wörld hello", "hello wor", [[2, 7], [8, 11], [14, 19]]),
    ("我們今天去東京", "東京", [[5, 7]]),
    ("a good, morning b", '"good morning"', [[2, 15]]),
    ("한국어를", "하", [[0, 1]]),
    ("مُحَمَّد", "محمد", [[0, 8]]),
])
def test_matches_are_in_code_points_of_the_text(instance, alice, text, q, matches):
    room = alice.room()
    alice.say(room["room_id"], text)
    index(instance)
    [result] = search(alice, q, room=room["room_id"])["results"]
    assert result["matches"] == matches


@pytest.mark.slow("searches for each word of a corpus")
def test_each_word_and_beginning_of_thirty_scripts_is_found_as_by_reading_all(instance):
    reader = Client(instance).register()
    room = reader.room()
    texts = [text for of_script in corpus.TEXTS.values() for text in of_script]
    for text in texts:
        reader.say(room["room_id"], text)
    bury(instance, room, reader)
    index(instance)
    queries = set()
    for text in texts:
        for word in text.split():
            if corpus.runs(word) and word[0] not in "-\"":
                queries |= {word, word[:1], word[:3], word.upper()}
    assert len(corpus.TEXTS) >= 30 and len(queries) > 300
    wrongly = {}
    for q in sorted(queries):
        # A mark alone does not begin a word.
        if not corpus.runs(q):
            continue
        found = set(contents(reader, q, limit=100))
        wanted = {text for text in texts if corpus.finds(q, text)}
        if found != wanted:
            wrongly[q] = (found - wanted, wanted - found)
    assert not wrongly


def test_the_filters(instance, alice, talk):
    bob = Client(instance).register()
    alice.invite(talk["room_id"], bob)
    bob.say(talk["room_id"], "Hello from bob")
    other = alice.room("Other")
    alice.say(other["room_id"], "Hello there")
    index(instance)
    assert contents(alice, "hello", room=other["room_id"]) == ["Hello there"]
    assert contents(alice, "hello", **{"from": bob.id}) == ["Hello from bob"]
    assert contents(alice, "see", has="link") == ["see https://example.org/a"]
    assert contents(alice, "hello", has="link") == []
    assert contents(alice, "hello", has="file") == []
    [at] = [result["created_at"] for result in search(alice, "helium")["results"]]
    assert contents(alice, "hel", before=at) == ["Hello world"]
    assert "Hello world" not in contents(alice, "hel", after=at)
    assert "Helium is light" not in contents(alice, "hel", after=at)
    assert contents(alice, "hel", before="2001-01-01T00:00:00Z") == []


@pytest.mark.slow("an instance of its own")
def test_messages_of_many_rooms_are_indexed_together(make_instance):
    """Few transactions for many rooms with a new message each, an edit and a deletion among them."""
    system = make_instance()
    client = Client(system).register()
    rooms = [client.room()["room_id"] for _ in range(30)]
    old = [client.say(room, f"first{room}") for room in rooms]
    index(system)
    for room in rooms:
        client.say(room, f"second{room} common")
    client.patch(message_url(old[0]), json={"content": "changed"})
    client.delete(message_url(old[1]))
    writes = "SHOW GLOBAL STATUS LIKE 'Com_insert_select'"
    before = int(system.sql(writes)[0][1])
    index(system)
    assert int(system.sql(writes)[0][1]) - before < 10
    terms = {(room, term) for room, term in system.sql("SELECT room_id, term FROM search_posting")}
    wanted = {(room, f"first{room}") for room in rooms[2:]} | {(rooms[0], "changed")}
    for room in rooms:
        wanted |= {(room, f"second{room}"), (room, "common")}
    assert terms == wanted
    assert system.confabctl("check", "--deep").returncode == 0


def test_few_messages_among_many_are_found_in_order(instance):
    """They are in different blocks of the index, of which a lookup reads several at a time."""
    client = Client(instance).register()
    room, count, step = client.room(), 20_000, 1999
    bury(instance, room, client, count)
    instance.sql("UPDATE message SET content = CONCAT('needle', position, ' hay') "
                 f"WHERE room_id = ? AND position % {step} = 0", room["room_id"])
    index(instance)
    wanted = [f"needle{position} hay" for position in range(count // step * step, 0, -step)]
    assert contents(client, "needle") == contents(client, '"hay" need') == wanted
    found, cursor = [], {}
    while cursor is not None:
        page = search(client, "needle", limit=3, **cursor)
        found += [result["content"] for result in page["results"]]
        cursor = page["next"] and {"cursor": page["next"]}
    assert found == wanted


def test_pages_go_on_without_gaps_or_repetitions(instance, alice):
    rooms = [alice.room(f"Room {i}")["room_id"] for i in range(3)]
    for i in range(25):
        alice.say(rooms[i % 3], f"paged {i}")
    index(instance)
    for limit in (1, 4, 25, 100):
        seen, cursor = [], None
        while True:
            page = search(alice, "paged", limit=limit, **({"cursor": cursor} if cursor else {}))
            assert len(page["results"]) <= limit
            seen += [result["content"] for result in page["results"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == [f"paged {i}" for i in reversed(range(25))]


def test_a_letter_is_found_in_old_messages_of_more_rooms_than_are_looked_at_at_a_time(instance):
    client = Client(instance).register()
    rooms = [client.room() for _ in range(70)]
    for room in rooms:
        client.say(room["room_id"], f"zebra {room['room_id']}")
        bury(instance, room, client, 40)
    index(instance)
    found, cursor = [], {}
    while cursor is not None:
        page = search(client, "z", **cursor)
        found += [result["content"] for result in page["results"]]
        cursor = page["next"] and {"cursor": page["next"]}
    assert found == [f"zebra {room['room_id']}" for room in reversed(rooms)]


def test_has_file_needs_a_file(instance, alice):
    room = alice.room()
    file = send(alice, room)
    with_file = post(alice, room, [file["file_id"]], content="landscape").json()
    alice.say(room["room_id"], "landscape", message_type="image")
    index(instance)
    found = search(alice, "landscape", has="file")["results"]
    assert [result["message_id"] for result in found] == [with_file["message_id"]]


def test_a_direct_room_has_the_name_of_the_other_user(instance, alice):
    bob = Client(instance).register()
    room = alice.post("/api/chat/rooms/direct/", json={"user_id": bob.id}).json()
    alice.say(room["room_id"], "directly")
    index(instance)
    [mine], [his] = (search(client, "directly")["results"] for client in (alice, bob))
    assert mine["room_name"] == bob.name and his["room_name"] == alice.name


def test_edited_and_deleted_messages_are_gone_at_once_and_then_from_the_index(instance, alice):
    room = alice.room()
    edited, deleted = (alice.say(room["room_id"], f"quixotic {word}") for word in ("one", "two"))
    index(instance)
    assert len(contents(alice, "quixotic")) == 2
    alice.patch(message_url(edited), json={"content": "sensible"})
    alice.delete(message_url(deleted))
    assert contents(alice, "quixotic") == []
    index(instance)
    assert contents(alice, "sensible", room=room["room_id"]) == ["sensible"]
    assert instance.sql("SELECT term FROM search_posting WHERE room_id = ?", room["room_id"]) \
        == [("sensible",)]


def test_new_messages_are_found_before_they_are_in_the_index(instance, alice):
    """A room with an index, then few messages in it and many in other rooms, which are newer."""
    room, others = alice.room(), [alice.room() for _ in range(3)]
    alice.say(room["room_id"], "fresh one")
    bury(instance, room, alice)
    index(instance)
    alice.say(room["room_id"], "fresh two")
    edited = alice.say(room["room_id"], "fresh three")
    bury(instance, room, alice, 20)
    for other in others:
        bury(instance, other, alice)
    alice.patch(message_url(edited), json={"content": "fresh four"})
    with Worker(instance, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
    assert instance.sql("SELECT LENGTH(positions) FROM search_posting WHERE room_id = ? "
                        "AND term = 'fresh'", room["room_id"]) == [(2,)]
    assert contents(alice, "fresh") == ["fresh four", "fresh two", "fresh one"]


def test_the_words_of_many_deleted_messages_are_gone_from_the_index(instance, alice):
    """Positions whose bytes mean something in regular expressions are among them."""
    room, count = alice.room(), 600
    bury(instance, room, alice, count)
    instance.sql("UPDATE message SET content = CONCAT('common', IF(position % 2, ' odd', ' even')) "
                 "WHERE room_id = ?", room["room_id"])
    index(instance)
    instance.sql(f"""
        UPDATE message SET is_deleted = TRUE, content = '' WHERE room_id = ? AND position % 2;
        INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)
            SELECT r.room_id, r.last_seq + (m.position + 1) / 2, 3, 1, m.message_id, NOW(6)
            FROM room r JOIN message m ON m.room_id = r.room_id AND m.position % 2
            WHERE r.room_id = ?;
        UPDATE room SET last_seq = last_seq + {count // 2}, changed_at = NOW(6) WHERE room_id = ?""",
                 *[room["room_id"]] * 3)
    index(instance)
    assert instance.sql("SELECT term, LENGTH(positions) FROM search_posting WHERE room_id = ?",
                        room["room_id"]) == [("common", count), ("even", count)]
    assert instance.confabctl("check", "--deep").returncode == 0


def test_terms_of_deleted_messages_are_found_by_reading_each_segment_once(instance, alice):
    room, count, deleted = alice.room()["room_id"], 20_000, 1_000
    bury(instance, {"room_id": room}, alice, count)
    instance.sql("UPDATE message SET content = CONCAT('common word', position % 7) "
                 "WHERE room_id = ?", room)
    index(instance)
    [(lists,)] = instance.sql("SELECT COUNT(*) FROM search_posting")
    instance.sql("UPDATE message SET is_deleted = TRUE, content = '' WHERE room_id = ? "
                 f"AND position % {count // deleted} = 0; SET GLOBAL userstat = 1; "
                 "FLUSH TABLE_STATISTICS", room)
    try:
        found = Tool(instance).json("check", "--deep", code=1)["differences"]
        [(read,)] = instance.sql("SELECT rows_read FROM information_schema.table_statistics "
                                 "WHERE table_name = 'search_posting'")
    finally:
        instance.sql("SET GLOBAL userstat = 0; "
                     "UPDATE message SET is_deleted = FALSE WHERE room_id = ?", room)
    assert [(one["rule"], one["room_id"], one["stored"], one["recounted"]) for one in found] == [
        ("search_deleted", room, 0, 2 * deleted)]
    # Once for the rule, and once for that of lists of missing rooms.
    assert read <= 2 * lists
    assert Tool(instance).json("check", "--deep")["differences"] == []


def test_only_rooms_of_the_caller_are_searched(instance, alice):
    bob = Client(instance).register()
    public, private = alice.room("Public", is_private=False), alice.room("Private")
    for room in (public, private):
        alice.say(room["room_id"], "confidential")
    index(instance)
    assert contents(bob, "confidential") == []
    for room in (public["room_id"], private["room_id"], 999_999_999):
        assert search(bob, "confidential", room=room) == {"results": [], "next": None}
    alice.invite(private["room_id"], bob)
    assert contents(bob, "confidential") == ["confidential"]
    remove(alice, private, bob.id)
    assert contents(bob, "confidential") == []


def test_a_deleted_room_is_gone_from_results_and_index(instance, alice):
    room = alice.room()
    alice.say(room["room_id"], "ephemeral")
    index(instance)
    alice.delete(url(room))
    assert contents(alice, "ephemeral") == []
    instance.confabctl("events", "purge")
    for table in ("search_posting", "search_progress"):
        assert instance.sql(f"SELECT * FROM {table} WHERE room_id = ?", room["room_id"]) == []


def waits(system, words, milliseconds=0):
    """Whether a statement with these words waits for a locked table, and for longer than that."""
    return bool(system.sql("SELECT id FROM information_schema.processlist WHERE info LIKE ? "
                           "AND state = 'Waiting for table metadata lock' AND time_ms > ?",
                           f"%{words}%", milliseconds))


def follow(client, q, page):
    """The contents of this page and the next ones."""
    found = [result["content"] for result in page["results"]]
    while page["next"]:
        page = search(client, q, cursor=page["next"])
        found += [result["content"] for result in page["results"]]
    return found


def test_long_searches_take_half_of_the_processes_and_others_end_early(shared):
    """Locked tables make searches long. One of two processes may search for longer than 50 ms."""
    system = shared(CONFAB_PROCESSES=2)
    client = Client(system).register()
    room = client.room()
    client.say(room["room_id"], "a needle")
    bury(system, room, client)
    index(system)
    with SqlSession(system) as texts, SqlSession(system) as lists, ThreadPoolExecutor() as pool:
        def begin():
            """Starts a search, which waits for the newest messages for longer than it may take."""
            texts.run("LOCK TABLES message WRITE")
            page = pool.submit(search, client, "needle")
            wait_for(lambda: waits(system, "m.content", 60), 30, "a search that waits")
            texts.run("UNLOCK TABLES")
            return page

        def goes_on():
            return waits(system, "search_posting")

        lists.run("LOCK TABLES search_posting WRITE")
        pages = [begin()]
        wait_for(lambda: pages[-1].done() or goes_on(), 30, "the search to go on")
        # On a machine so slow that a second was over.
        while pages[-1].done():
            pages.append(begin())
            wait_for(lambda: pages[-1].done() or goes_on(), 30, "the search to go on")
        other = begin().result(30)
        assert other["results"] == [] and other["next"] and not pages[-1].done()
        lists.run("UNLOCK TABLES")
        for page in (other, *(page.result(30) for page in pages)):
            assert follow(client, "needle", page) == ["a needle"]


@pytest.mark.parametrize("query, errors", [
    ({}, wrong(q="required")),
    ({"q": " "}, wrong(q="blank")),
    ({"q": "-word"}, wrong(q="no_word")),
    ({"q": "!?"}, wrong(q="no_word")),
    ({"q": "x" * 501}, wrong(q="max_length")),
    ({"q": " ".join("abcdefg" * 5)}, wrong(q="max_length")),
    ({"q": "a", "room": "x"}, wrong(room="invalid")),
    ({"q": "a", "from": "0"}, wrong(**{"from": "min_value"})),
    ({"q": "a", "before": "yesterday"}, wrong(before="invalid")),
    ({"q": "a", "after": "2026-02-30T00:00:00Z"}, wrong(after="invalid")),
    ({"q": "a", "has": "cake"}, wrong(has="invalid_choice")),
    ({"q": "a", "limit": "0"}, wrong(limit="min_value")),
    ({"q": "a", "cursor": "1-2"}, wrong(cursor="invalid")),
    ({"q": "a", "cursor": "1-2-3-4"}, wrong(cursor="invalid")),
    ({"q": "a", "cursor": "../etc-2-3"}, wrong(cursor="invalid")),
])
def test_parameters_that_are_refused(alice, query, errors):
    answer = alice.get(SEARCH, params=query)
    assert (answer.status_code, answer.json()) == (400, errors)


@pytest.mark.slow("indexes all messages again")
def test_a_rebuilt_index_finds_the_same_and_nothing_is_missing_meanwhile(instance, alice, talk):
    before = contents(alice, "hel")
    rows = instance.sql("SELECT term, positions FROM search_posting WHERE room_id = ?", talk["room_id"])
    instance.sql("DELETE FROM search_posting WHERE room_id = ? AND term LIKE 'hel%'", talk["room_id"])
    assert len(contents(alice, "hel")) < len(before)
    done = instance.confabctl("search", "rebuild", "--room", talk["room_id"])
    assert done.returncode == 0 and done.stdout.startswith("Rooms: 1, messages: ")
    assert contents(alice, "hel") == before
    assert instance.sql("SELECT term, positions FROM search_posting WHERE room_id = ?",
                        talk["room_id"]) == rows
    assert instance.confabctl("search", "rebuild").returncode == 0
    assert contents(alice, "hel") == before
    assert instance.confabctl("search", "rebuild", "--room", 999_999_999).returncode == 1


def test_events_that_expired_unread_make_the_room_be_read_again(instance, alice):
    room = alice.room()
    message = alice.say(room["room_id"], "antiquated")
    index(instance)
    alice.patch(message_url(message), json={"content": "modern"})
    instance.sql("DELETE FROM event WHERE room_id = ?; "
                 "UPDATE room SET oldest_seq = last_seq + 1 WHERE room_id = ?",
                 room["room_id"], room["room_id"])
    index(instance)
    assert contents(alice, "modern", room=room["room_id"]) == ["modern"]
    assert instance.sql("SELECT term FROM search_posting WHERE room_id = ?", room["room_id"]) \
        == [("modern",)]


@pytest.mark.slow("starts a worker")
def test_messages_are_found_at_once_and_indexed_where_a_worker_runs(shared):
    system = shared(WORKER=1)
    client = Client(system).register()
    room = client.room()
    client.say(room["room_id"], "punctual")
    bury(system, room, client)
    assert contents(client, "punctual") == ["punctual"]
    wait_for(lambda: system.sql("SELECT term FROM search_posting WHERE room_id = ?",
                                room["room_id"]) == [("punctual",)], 30, "the message in the index")


@pytest.mark.slow("an instance of its own")
def test_searching_can_be_off(make_instance):
    system = make_instance(CONFAB_SEARCH="off")
    client = Client(system).register()
    client.say(client.room()["room_id"], "silent")
    answer = client.get(SEARCH, params={"q": "silent"})
    assert (answer.status_code, answer.json()) == (403, refusal("search_off"))
    assert "search" not in client.get("/api/").json()["features"]
    system.sql("INSERT INTO search_posting VALUES (1, 0, 'old', ''); "
               "INSERT INTO search_progress VALUES (1, 1, 1, 1, 1, 1)")
    index(system)
    system.confabctl("events", "purge")
    for table in ("search_posting", "search_progress"):
        assert system.sql(f"SELECT * FROM {table}") == []


@pytest.mark.slow("an instance of its own")
def test_the_former_index_is_deleted_an_hour_after_the_migration(make_instance):
    """Older programs search in it until they are replaced."""
    system = make_instance()
    system.sql("INSERT INTO search_term VALUES (1, 0, 'old', 1, NOW(6)); "
               "INSERT INTO search_room VALUES (1, 1, 1, 1, 1)")
    count = "SELECT (SELECT COUNT(*) FROM search_term), (SELECT COUNT(*) FROM search_room)"
    system.confabctl("events", "purge")
    assert system.sql(count) == [(1, 1)]
    system.sql("UPDATE schema_migration SET applied_at = applied_at - INTERVAL 1 HOUR")
    system.confabctl("events", "purge")
    assert system.sql(count) == [(0, 0)]


@pytest.mark.slow("registers 200 users")
def test_no_result_is_of_a_room_that_the_user_is_not_in_while_memberships_change(instance):
    owner = Client(instance).register()
    rooms = [owner.room(f"Room {i}", is_private=False) for i in range(12)]
    for room in rooms:
        for word in ("common", "common plain", f"rare{room['room_id']}"):
            owner.say(room["room_id"], word)
    index(instance)

    # One after the other: few passwords are hashed at a time.
    users = [Client(instance).register() for _ in range(200)]

    def play(user):
        """Joins, leaves and searches at random."""
        dice, inside = random.Random(user.id), set()
        for _ in range(12):
            room = dice.choice(rooms)
            number = room["room_id"]
            if number in inside:
                assert remove(user, room, user.id).status_code == 204
                inside.discard(number)
            elif user.post(url(room, "join/")).status_code == 201:
                inside.add(number)
            for q in ("common", "com", "rare", '"common plain"'):
                options = {"room": number} if dice.random() < .3 else {}
                found = {result["room_id"] for result in search(user, q, limit=100, **options)["results"]}
                assert found == (inside & {number} if options else inside), (q, options)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(play, users))
