"""The data of bench-push: many users in small rooms, a large room, and a very large one."""

import data

USERS = 19_000
MEMBERS = 10                    # of a small room
ROOMS = USERS // MEMBERS
FIRST_ROOM = 1001
HALL, HALL_USERS = 1, 1_000     # the large room; its users are the first
LOBBY = 2                       # as large, without sockets
ARENA, ARENA_MEMBERS = 3, 100_000   # the very large room, with all users, and others without tokens
# For the unit costs of the cost model, apart from others: a room of all users, and rooms of two
# and of ten (twice) of 10,000 of them, whose numbers begin here.
UNIT, UNIT_ARENA = 10_000, 4
UNIT_ROOMS = {200_001: MEMBERS, 300_001: MEMBERS, 400_001: 2}
MESSAGES = 20                   # in every room


def room_of(user):
    return FIRST_ROOM + (user - 1) // MEMBERS


def load(instance):
    """Fills empty tables."""
    everybody = range(1, USERS + 1)
    hall = list(everybody[:HALL_USERS])
    members = {FIRST_ROOM + n: list(everybody[n * MEMBERS:(n + 1) * MEMBERS])
               for n in range(ROOMS)}
    last = FIRST_ROOM + ROOMS - 1
    # The site's own user, made by the migrations, has the id of a user below.
    instance.sql("DELETE FROM external_user; DELETE FROM user;")
    instance.sql(data.BEGIN + data.users_sql(1, USERS) +
                 data.rooms_sql({HALL: hall, LOBBY: hall, **members}) +
                 data.messages_sql(HALL, last, 1, MESSAGES) +
                 data.counters_sql(HALL, last, True) + data.NUMBERS_OF_ROOMS)
    instance.sql("ANALYZE TABLE room, member, message, event, user, token;")


def load_arena(instance):
    """Adds the very large room and the rooms of the cost model, once."""
    if instance.sql(f"SELECT room_id FROM room WHERE room_id = {ARENA}"):
        return
    born = "NOW(6) - INTERVAL 40 DAY"
    into_room = ("INSERT INTO room (room_id, name, is_private, created_by_id, created_at, "
                 "last_active_at, members_count)")
    into_member = "INSERT INTO member (room_id, user_id, is_admin, joined_at)"
    small = "".join(f"""
        {into_room} SELECT seq, CONCAT('Room ', seq), TRUE, 1, {born}, {born}, {mates}
        FROM seq_{first}_to_{first + UNIT // mates - 1};
        {into_member} SELECT {first} + (user_id - 1) DIV {mates}, user_id, user_id % {mates} = 1,
        {born} FROM user WHERE user_id <= {UNIT};
    """ for first, mates in UNIT_ROOMS.items())
    instance.sql(data.BEGIN + f"""
        INSERT INTO user (user_id, username, password_hash, created_at)
        SELECT seq, CONCAT('guest-', seq), '!', {born} FROM seq_{USERS + 1}_to_{ARENA_MEMBERS};
        {into_room} VALUES ({ARENA}, 'Arena', TRUE, 1, {born}, {born}, {ARENA_MEMBERS}),
                           ({UNIT_ARENA}, 'Small arena', TRUE, 1, {born}, {born}, {USERS});
        {into_member} SELECT {ARENA}, user_id, user_id = 1, {born} FROM user
        WHERE user_id <= {ARENA_MEMBERS};
        {into_member} SELECT {UNIT_ARENA}, user_id, user_id = 1, {born} FROM user
        WHERE user_id <= {USERS};
    """ + small + "".join(
        data.messages_sql(low, high, 1, MESSAGES) + data.counters_sql(low, high, True)
        for low, high in [(ARENA, UNIT_ARENA), *((first, first + UNIT // mates - 1)
                                                 for first, mates in UNIT_ROOMS.items())])
        + data.NUMBERS_OF_ROOMS)
    instance.sql("ANALYZE TABLE room, member, message, event, user;")


def in_unit_rooms(first):
    mates = UNIT_ROOMS[first]
    rooms = ((user, first + (user - 1) // mates) for user in range(1, UNIT + 1))
    return [(room, MESSAGES, f"/ws/chat/{room}/", data.token(user)) for user, room in rooms]


def in_arena(room=ARENA):
    return [(room, MESSAGES, f"/ws/chat/{room}/", data.token(user))
            for user in range(1, USERS + 1)]


def in_hall(room=HALL, last_seq=MESSAGES):
    """Members of the large room, for Crowd."""
    return [(room, last_seq, f"/ws/chat/{room}/", data.token(user))
            for user in range(1, HALL_USERS + 1)]


def in_rooms(users=USERS):
    return [(room_of(user), MESSAGES, f"/ws/chat/{room_of(user)}/", data.token(user))
            for user in range(1, users + 1)]


def alone():
    """The first user of each small room."""
    return in_rooms()[::MEMBERS]


def notified(users=USERS):
    """The same users at notification sockets."""
    return [(room_of(user), MESSAGES, "/ws/chat/notifications/", data.token(user))
            for user in range(1, users + 1)]


def at_floor(members):
    """The same sockets for the floor, which has rooms only."""
    return [(room, 0, f"/ws/chat/{room}/", "-") for room, *_ in members]
