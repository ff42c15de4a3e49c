"""URLs of rooms and messages."""

ROOMS = "/api/chat/rooms/"


def url(room, rest=""):
    return f"{ROOMS}{room['room_id']}/{rest}"


def message_url(message):
    return f"{ROOMS}{message['room_id']}/messages/{message['message_id']}/"


def public_room(alice, bob):
    """Creates a public room of alice and invites bob (event 1); returns both and the room."""
    room = alice.room(is_private=False)
    alice.invite(room["room_id"], bob)
    return alice, bob, room


def set_admin(client, room, user_id, value):
    return client.patch(url(room, f"members/{user_id}/"), json={"is_admin": value})


def remove(client, room, user_id):
    return client.post(url(room, "remove_member/"), json={"user_id": user_id})
