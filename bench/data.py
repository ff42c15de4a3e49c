"""The data of the bench, written into the tables so that `confabctl check --deep` finds no
difference.

At scale 1: 100 users and 50 rooms of 20 members with 200 messages each; the first ten users
are in 20 of these rooms, the others in nine or so. Scale n has n times as many, in
blocks of 100 users and 50 rooms without connections between them. In addition, at any scale:

    QUIET     20 members, 200 messages; no new messages, so its answers stay the same
    CROWD     the first 100 users
    HANDFUL   ten users
    MILLION   20 members, 1,000,000 messages
    MANY      1,000 rooms that a user of his own is in
"""

import hashlib

USERS, ROOMS, MEMBERS, MESSAGES = 100, 50, 20, 200     # of one block
BUSY, BUSY_ROOMS = 10, 20                              # users in more rooms than others

QUIET, CROWD, HANDFUL, MILLION = 1, 2, 3, 4
FIRST_ROOM = 1001           # first room of the blocks
MANY, MANY_USER = 500_001, 900_001
LOGIN_NAME, LOGIN_PASSWORD = "bench-login", "a password of some length"

# User ids start at 1; user 1 reads. Their names have seven digits, so that NINE is the prefix of
# nine names at any scale.
READER = 1
NINE = "user-000000"

CONTENT = ("CONCAT('Message ', p.seq, ' says: ', REPEAT('well ', 4 + (p.seq * 7 + r.room_id) % 9), "
           "'– and so on.')")


def token(user_id):
    return hashlib.blake2b(f"confab bench {user_id}".encode(), digest_size=20).hexdigest()


def token_hash(user_id):
    """As confab stores it: BLAKE2b-256 of the 40 digits."""
    return hashlib.blake2b(token(user_id).encode(), digest_size=32).hexdigest()


def members_of(room):
    """The users of room number `room` (from 0): four busy ones, the rest in turns."""
    block, k = divmod(room, ROOMS)
    busy = BUSY * BUSY_ROOMS // ROOMS
    rest = MEMBERS - busy
    numbers = [(k * busy + j) % BUSY for j in range(busy)]
    numbers += [BUSY + (k * rest + j) % (USERS - BUSY) for j in range(rest)]
    return [block * USERS + number + 1 for number in numbers]


def places(scale, senders=4):
    """(room id, user id) of 50 rooms spread evenly over all, with several senders of each."""
    rooms = range(0, ROOMS * scale, scale)
    return [(FIRST_ROOM + room, members_of(room)[i * 5])
            for i in range(senders) for room in rooms]


# ---- SQL ----

# Loading need not survive a loss of power.
BEGIN = """
    SET SESSION unique_checks = 0, foreign_key_checks = 0, autocommit = 0, join_cache_level = 0,
        time_zone = '+00:00';
    CREATE TEMPORARY TABLE seat (room_id BIGINT UNSIGNED, number BIGINT UNSIGNED,
        user_id BIGINT UNSIGNED, PRIMARY KEY (room_id, number));
"""


def insert(table, columns, rows):
    lines = []
    for start in range(0, len(rows), 2000):
        values = ",".join(f"({','.join(map(str, row))})" for row in rows[start:start + 2000])
        lines.append(f"INSERT INTO {table} ({columns}) VALUES {values};\n")
    return "".join(lines)


def users_sql(first, count):
    ids = range(first, first + count)
    born = "NOW(6) - INTERVAL 40 DAY"
    return (insert("user", "user_id, username, password_hash, created_at",
                   [(i, f"'user-{i:07}'", "'!'", born) for i in ids]) +
            insert("token", "token_hash, user_id, created_at",
                   [(f"x'{token_hash(i)}'", i, "NOW(6)") for i in ids]))


def rooms_sql(members, is_public=lambda room_id: False):
    """`members`: room id -> its users, the first of whom is its admin."""
    born = "NOW(6) - INTERVAL 40 DAY"
    return (insert("room", "room_id, name, is_private, created_by_id, created_at, last_active_at, "
                           "members_count",
                   [(i, f"'Room {i}'", int(not is_public(i)), who[0], born, born, len(who))
                    for i, who in members.items()]) +
            insert("member", "room_id, user_id, is_admin, joined_at",
                   [(i, user, int(user == who[0]), born)
                    for i, who in members.items() for user in who]))


def messages_sql(first_room, last_room, first, last):
    """Messages from position `first` to `last`, by the room's members in turns, a second
    apart, with keys as the store makes them. Rooms were last active at times of their own,
    over the last 26 days."""
    return f"""
        REPLACE INTO seat SELECT room_id, ROW_NUMBER() OVER
            (PARTITION BY room_id ORDER BY user_id) - 1, user_id
        FROM member WHERE room_id BETWEEN {first_room} AND {last_room};
        INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id,
                             content)
        SELECT STRAIGHT_JOIN r.room_id, p.seq, s.user_id, 1,
               NOW(6) - INTERVAL ({last} - p.seq) SECOND - INTERVAL r.room_id MICROSECOND
               - INTERVAL r.room_id % 1009 * 37 MINUTE,
               CONCAT('s', LPAD(HEX(r.room_id * 10000000 + p.seq), 16, '0'),
                      LEFT(MD5(CONCAT(r.room_id, '.', p.seq)), 16)), {CONTENT}
        FROM room r JOIN seq_{first}_to_{last} p
        JOIN seat s ON s.room_id = r.room_id AND s.number = p.seq % r.members_count
        WHERE r.room_id BETWEEN {first_room} AND {last_room};
        COMMIT;
    """


def counters_sql(first_room, last_room, with_events):
    """What follows from the messages: events or their absence, counters, read marks."""
    rooms = f"BETWEEN {first_room} AND {last_room}"
    events = f"""
        INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)
        SELECT room_id, position, 1, sender_id, message_id, created_at FROM message
        WHERE room_id {rooms};
    """
    return (events if with_events else "") + f"""
        UPDATE room r JOIN (SELECT room_id, MAX(position) last FROM message
                            WHERE room_id {rooms} GROUP BY room_id) c USING (room_id)
        JOIN message m ON m.room_id = r.room_id AND m.position = c.last
        SET r.message_count = c.last, r.last_seq = c.last, r.last_active_at = m.created_at,
            r.oldest_seq = {1 if with_events else 'c.last + 1'};
        UPDATE member me JOIN room r USING (room_id)
        SET me.last_read_position = GREATEST(0, CAST(r.message_count AS SIGNED) -
            CAST((me.user_id + r.room_id) % 50 AS SIGNED)) WHERE me.room_id {rooms};
        COMMIT;
    """


NUMBERS_OF_ROOMS = """
    UPDATE user u SET rooms_count = (SELECT COUNT(*) FROM member m WHERE m.user_id = u.user_id);
    UPDATE total SET number = (SELECT COUNT(*) FROM room WHERE is_private = FALSE)
    WHERE name = 'public_rooms';
    COMMIT;
"""


class Data:
    """Loads data, each part once."""

    def __init__(self, instance):
        self.instance = instance
        self.scale = 0
        self.loaded = set()

    def _load(self, *parts):
        self.instance.sql(BEGIN + "".join(parts) + NUMBERS_OF_ROOMS)

    def base(self):
        if self.scale:
            return
        # The site's own user, made by the migrations, has the id of a user below.
        self.instance.sql("DELETE FROM external_user; DELETE FROM user;")
        everybody = list(range(1, USERS + 1))
        self._load(users_sql(1, USERS), users_sql(MANY_USER, 1),
                   rooms_sql({QUIET: everybody[:20], CROWD: everybody, HANDFUL: everybody[:10]}),
                   messages_sql(QUIET, HANDFUL, 1, MESSAGES),
                   counters_sql(QUIET, HANDFUL, True))
        self._blocks(0, 1)
        self.scale = 1
        code, said = self.instance.confabctl("user", "add", LOGIN_NAME,
                                             input=LOGIN_PASSWORD + "\n")
        if code != 0:
            raise RuntimeError(said)
        self.instance.sql("ANALYZE TABLE room, member, message, event, user, token;")

    def _blocks(self, first, end):
        numbers = range(first * ROOMS, end * ROOMS)
        low, high = FIRST_ROOM + numbers[0], FIRST_ROOM + numbers[-1]
        newcomers = users_sql(first * USERS + 1, (end - first) * USERS) if first else ""
        self._load(newcomers,
                   rooms_sql({FIRST_ROOM + n: members_of(n) for n in numbers},
                             lambda room_id: room_id % 5 == 0),
                   messages_sql(low, high, 1, MESSAGES), counters_sql(low, high, True))

    def grow(self, scale):
        self.base()
        if scale > self.scale:
            self._blocks(self.scale, scale)
            self.scale = scale
            self.instance.sql("ANALYZE TABLE room, member, message, event, user, token;")

    def million(self):
        self.base()
        if "million" in self.loaded:
            return
        self._load(rooms_sql({MILLION: list(range(1, MEMBERS + 1))}),
                   *(messages_sql(MILLION, MILLION, start + 1, start + 100_000)
                     for start in range(0, 1_000_000, 100_000)),
                   counters_sql(MILLION, MILLION, False))
        self.loaded.add("million")

    def many(self, messages):
        """Gives each room of MANY_USER this many messages."""
        self.base()
        last = MANY + 999
        if "many" not in self.loaded:
            self._load(rooms_sql({i: [MANY_USER] for i in range(MANY, last + 1)}))
            self.loaded.add("many")
            self.many_messages = 0
        if messages > self.many_messages:
            self._load(messages_sql(MANY, last, self.many_messages + 1, messages),
                       f"DELETE FROM event WHERE room_id BETWEEN {MANY} AND {last};",
                       counters_sql(MANY, last, True))
            self.many_messages = messages

    def check(self):
        """(Whether `confabctl check --deep` found nothing, its output)."""
        code, said = self.instance.confabctl("check", "--deep")
        return code == 0, said
