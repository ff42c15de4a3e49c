"""A room with a member of each role, for the tests of moderation."""

from support.shapes import refusal

ROOM = "/api/chat/rooms/{}/"
ROLES = ["reader", "member", "moderator", "admin"]


class Room:
    """A public room with a member of each role."""

    def __init__(self, user):
        self.admin = user()
        self.id = self.admin.room(is_private=False)["room_id"]
        self.path = ROOM.format(self.id)
        self.reader, self.member, self.moderator = user(), user(), user()
        for role in ("reader", "member", "moderator"):
            client = getattr(self, role)
            self.admin.invite(self.id, client)
            answer = self.set_role(client, role)
            assert (answer.status_code, answer.json().get("role")) == (200, role), answer.text

    def set_role(self, client, role, by=None):
        return (by or self.admin).patch(f"{self.path}members/{client.id}/", json={"role": role})

    def patch(self, **change):
        return self.admin.patch(self.path, json=change)

    def post(self, client, content="hi", **more):
        return client.post(f"{self.path}messages/", json={"content": content, **more})

    def silence(self, by, client, minutes=5):
        return by.post(f"{self.path}silence/", json={"user_id": client.id, "minutes": minutes})

    def ban(self, by, client, **more):
        return by.post(f"{self.path}bans/", json={"user_id": client.id, **more})


def fails(answer, status, code, **more):
    assert (answer.status_code, answer.json()) == (status, refusal(code, **more)), answer.text
    return answer
