"""The addresses of rooms and their messages."""

ROOMS = "/api/chat/rooms/"


def url(room, rest=""):
    return f"{ROOMS}{room['room_id']}/{rest}"


def message_url(message):
    return f"{ROOMS}{message['room_id']}/messages/{message['message_id']}/"


def public_room(alice, bob):
    """A public room of alice's that bob is in, which is its event 1: both, and the room."""
    room = alice.room(is_private=False)
    alice.invite(room["room_id"], bob)
    return alice, bob, room


def remove(client, room, user_id):
    return client.post(url(room, "remove_member/"), json={"user_id": user_id})
