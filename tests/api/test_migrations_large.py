"""confabctl migrate on a large database that is being read."""

import threading
import time

import pytest

from support.confabctl import Tool
from support.instance import ROOT
from support.sql_session import SqlSession

MESSAGES = 1_000_000
ROOMS = 1_000
USERS = 20_000

# What the API reads most: a page of messages, a list of rooms, a credential with its user.
READS = [
    "SELECT COUNT(*) FROM (SELECT m.content, u.username FROM message m JOIN user u "
    "ON u.user_id = m.sender_id WHERE m.room_id = {room} AND m.position > 950 LIMIT 50) page",
    "SELECT COUNT(*) FROM (SELECT r.name FROM member b JOIN room r ON r.room_id = b.room_id "
    "WHERE b.user_id = {user} LIMIT 50) page",
    "SELECT COUNT(*) FROM token t JOIN user u ON u.user_id = t.user_id WHERE u.user_id = {user}",
]


@pytest.fixture(scope="module")
def old(make_instance):
    """(an instance, its database old_one of the first version, with a million messages)"""
    system = make_instance()
    fill = (ROOT / "schema" / "0001_initial.sql").read_text() + f"""
        CREATE TABLE schema_migration (version INT UNSIGNED NOT NULL, name VARCHAR(64) NOT NULL,
            applied_at DATETIME(6) NOT NULL, PRIMARY KEY (version));
        INSERT INTO schema_migration VALUES (1, 'initial', '2024-01-01');
        INSERT INTO user (user_id, username, password_hash, created_at, rooms_count)
            SELECT seq, CONCAT('user.', seq, '_name'), '', '2024-01-01', 1
            FROM seq_1_to_{USERS};
        INSERT INTO token (token_hash, user_id, created_at)
            SELECT UNHEX(SHA2(user_id, 256)), user_id, '2024-01-01' FROM user;
        INSERT INTO room (room_id, name, is_private, created_by_id, created_at, last_active_at,
                          message_count, members_count, last_seq)
            SELECT seq, 'room', seq % 2, 1, '2024-01-01', '2024-01-01' + INTERVAL seq SECOND,
                   {MESSAGES // ROOMS}, {USERS // ROOMS}, {MESSAGES // ROOMS}
            FROM seq_1_to_{ROOMS};
        INSERT INTO member (room_id, user_id, is_admin, joined_at)
            SELECT 1 + user_id % {ROOMS}, user_id, TRUE, '2024-01-01' FROM user;
        INSERT INTO message (message_id, reply_to_id, room_id, position, sender_id, message_type,
                             created_at, client_id, content)
            SELECT seq, IF(seq % 10 = 0, seq - 1, NULL),
                   1 + (seq - 1) DIV {MESSAGES // ROOMS}, 1 + (seq - 1) % {MESSAGES // ROOMS},
                   1 + seq % {USERS}, 1,
                   '2024-01-01' + INTERVAL 1 + (seq - 1) DIV {MESSAGES // ROOMS} SECOND,
                   CONCAT('c', seq),
                   'a message of some words, as they are' FROM seq_1_to_{MESSAGES};
        INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)
            SELECT room_id, position, 1, sender_id, message_id, created_at FROM message;"""
    system.sql("CREATE DATABASE old_one")
    with SqlSession(system) as session:
        assert session.run("USE old_one") == []
        for statement in filter(str.strip, fill.split(";")):
            assert session.run(statement) == []
    return system, {"CONFAB_DATABASE_NAME": "old_one"}


class Reader(threading.Thread):
    """Reads some hundred times a second; .longest is the seconds of the slowest read, .count their number."""

    def __init__(self, instance, query):
        super().__init__()
        self._instance, self._query = instance, query
        self.longest, self.count, self.ended, self.wrong = 0, 0, False, None

    def run(self):
        with SqlSession(self._instance) as session:
            session.run("USE old_one")
            while not self.ended:
                begin = time.monotonic()
                found = session.run(self._query.format(room=1 + self.count % ROOMS,
                                                       user=1 + self.count % USERS))
                self.longest = max(self.longest, time.monotonic() - begin)
                self.count += 1
                # On a busy machine a reader without pauses may be in the middle of a read at each
                # moment, and a migration finds no moment without one.
                time.sleep(0.003)
                if not (len(found) == 1 and found[0].isdigit()):
                    self.wrong = found


@pytest.mark.slow("fills a database with a million messages")
@pytest.mark.unsanitized("measures the time of reads")
def test_migrations_block_no_read_for_a_second(old):
    """A backup is reading, too: no read waits behind a migration that waits for it."""
    system, database = old
    tool = Tool(system)
    readers = [Reader(system, query) for query in READS]
    with SqlSession(system) as backup:
        backup.run("USE old_one")
        backup.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        for table in ("user", "room", "token", "session", "member"):
            backup.run(f"SELECT COUNT(*) FROM {table}")
        [reader.start() for reader in readers]
        end = threading.Timer(3, lambda: backup.run("COMMIT"))
        end.start()
        begin = time.monotonic()
        try:
            said = tool("migrate", **database)
        finally:
            taken = time.monotonic() - begin
            for reader in readers:
                reader.ended = True
                reader.join(30)
            end.join()
    print([(reader.longest, reader.count) for reader in readers], taken)
    assert said.startswith("Applied 0002 ")
    assert not any(reader.wrong for reader in readers), [reader.wrong for reader in readers]
    assert all(reader.longest < 1 for reader in readers), [reader.longest for reader in readers]
    assert all(reader.count > 100 for reader in readers)
    assert taken > 3, "the backup was not waited for"
    assert tool.json("check", "--deep", **database)["differences"] == []
    assert "up to date" in tool("migrate", **database)


@pytest.mark.slow("waits for a minute")
def test_a_table_that_stays_in_use_is_an_error(make_instance):
    system = make_instance()
    old = {"CONFAB_DATABASE_NAME": "busy_one"}
    system.sql("CREATE DATABASE busy_one; USE busy_one; " +
               (ROOT / "schema" / "0001_initial.sql").read_text())
    with SqlSession(system) as reader:
        reader.run("USE busy_one")
        reader.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        reader.run("SELECT COUNT(*) FROM user, room")
        said = Tool(system).refuses("migrate", **old)
    assert said == ("the schema is at version 1; a table is in use, perhaps by a backup: try again "
                    "later")
    assert Tool(system)("migrate", **old).startswith("Applied 0002 ")
