"""The data of bench-push: many users in small rooms, and one large room."""

import data

USERS = 19_000
MEMBERS = 10                    # of a small room
ROOMS = USERS // MEMBERS
FIRST_ROOM = 1001
HALL, HALL_USERS = 1, 1_000     # the large room; its users are the first
LOBBY = 2                       # as large, without sockets
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
