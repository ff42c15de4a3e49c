"""The addresses of rooms and their messages."""

ROOMS = "/api/chat/rooms/"


def url(room, rest=""):
    return f"{ROOMS}{room['room_id']}/{rest}"


def message_url(message):
    return f"{ROOMS}{message['room_id']}/messages/{message['message_id']}/"


def remove(client, room, user_id):
    return client.post(url(room, "remove_member/"), json={"user_id": user_id})
