"""What each role gets at each path: status, and the code of a refusal. The table is docs/access.md,
which `make docs/access.md` writes and test_access_table.py checks cell by cell."""

import re

from support.api_key import Program
from support.client import Client
from support.instance import ROOT
from support.routes import routes

DOCUMENT = ROOT / "docs" / "access.md"
NONE = 2 ** 60

USERS = ["stranger", "outsider", "guest", "reader", "member", "silenced", "banned", "blocked", "moderator",
         "admin", "site moderator", "disabled"]
KEYS = ["users", "rooms", "messages", "hooks", "moderate", "act"]
ROLES = [*USERS, *(f"key {scope}" for scope in KEYS)]

# Where what is sent is not {}: {room}, {message}, {other}, {bot} stand for ids.
BODIES = {
    "POST /api/auth/login": {"username": "nobody-of-this-name", "password": "wrong password"},
    "POST /api/auth/token": {"username": "nobody-of-this-name", "password": "wrong password"},
    "PATCH /api/auth/me": {"display_name": "A name"},
    "POST /api/chat/blocks": {"user_id": "{outsider}"},
    "DELETE /api/chat/blocks": {"user_id": "{outsider}"},
    "PATCH /api/chat/reports/#": {"state": "handled"},
    "POST /api/chat/rooms": {"name": "Another"},
    "POST /api/chat/rooms/direct": {"user_id": "{admin}"},
    "PATCH /api/chat/rooms/#": {"topic": "Plans"},
    "POST /api/chat/rooms/#/invite": {"user_id": "{outsider}"},
    "POST /api/chat/rooms/#/remove_member": {"user_id": "{reader}"},
    "PATCH /api/chat/rooms/#/me": {"is_favorite": True},
    "PATCH /api/chat/rooms/#/members/#": {"role": "reader"},
    "POST /api/chat/rooms/#/silence": {"user_id": "{reader}", "minutes": 5},
    "DELETE /api/chat/rooms/#/silence": {"user_id": "{reader}"},
    "POST /api/chat/rooms/#/bans": {"user_id": "{outsider}"},
    "POST /api/chat/rooms/#/messages": {"content": "hi"},
    "PATCH /api/chat/rooms/#/messages/#": {"content": "other words"},
    "POST /api/chat/rooms/#/messages/#/report": {"reason": "spam"},
    "PUT /api/chat/rooms/#/messages/#/reactions": {"emoji": "👍"},
    "POST /api/chat/rooms/#/read": {"message_id": "{message}"},
    "POST /api/chat/rooms/#/unread": {"message_id": "{message}"},
    "POST /api/chat/rooms/#/files": {"name": "a", "size": 1, "media_type": "text/plain"},
    "PATCH /api/site/users/#": {"display_name": "A name"},
    "PUT /api/site/rooms/#/members": {"add": []},
    "POST /api/site/rooms/#/messages": {"content": "hi"},
    "POST /api/site/bans": {"user_id": NONE},
}
QUERIES = {"DELETE /api/chat/rooms/#/messages/#/reactions": "?emoji=👍",
           "GET /api/chat/search": "?q=hi",
           "GET /api/site/users": "?external_id=nobody"}
# The second id in a path; else that of nothing.
SECOND = {"members": "{reader}", "bans": "{outsider}", "messages": "{message}",
          "pins": "{message}"}
# They change what others need, so they come last, in this order.
LAST = ["POST /api/chat/rooms/#/join", "POST /api/chat/rooms/#/remove_member",
        "DELETE /api/chat/rooms/#/messages/#", "DELETE /api/chat/rooms/#", "POST /api/auth/register", "DELETE /api/auth/sessions",
        "POST /api/auth/logout", "DELETE /api/auth/token"]


def rows():
    """The routes as "METHOD /path", in the order in which they are asked."""
    found = [f"{method} {path}" for method, path in
             sorted(routes(), key=lambda route: (route[1], route[0]))]
    return [*(row for row in found if row not in LAST), *(row for row in LAST if row in found)]


class World:
    """People, and a public room with them for each role that is tried."""

    def __init__(self, instance):
        self.instance = instance
        self.keys = {}
        self.people = {name: Client(instance).register() for name in
                       ("admin", "reader", "outsider", "other")}

    def caller(self, role):
        """(client, ids for paths and bodies)"""
        admin, other = self.people["admin"], self.people["other"]
        reader, outsider = Client(self.instance).register(), Client(self.instance).register()
        room = admin.room(is_private=False)["room_id"]
        path = f"/api/chat/rooms/{room}/"
        admin.invite(room, reader)
        admin.patch(f"{path}members/{reader.id}/", json={"role": "reader"})
        ids = {"room": room, "message": admin.say(room)["message_id"], "reader": reader.id,
               "outsider": outsider.id, "admin": admin.id}
        if role.startswith("key "):
            scope = role.removeprefix("key ")
            client = Program(self.instance, scope)
            if scope == "act":
                admin.invite(room, other)
                client = client.as_user(other.id)
            return client, ids
        if role == "stranger":
            return Client(self.instance), ids
        client = Client(self.instance).register()
        if role == "guest":
            admin.patch(path, json={"guests": "write"})
            self.instance.sql("UPDATE user SET is_guest = TRUE WHERE user_id = ?", client.id)
        if role in ("guest", "reader", "member", "silenced", "banned", "blocked", "moderator", "admin",
                    "disabled"):
            admin.invite(room, client)
        if role in ("reader", "moderator", "admin"):
            admin.patch(f"{path}members/{client.id}/", json={"role": role})
        if role == "silenced":
            admin.post(f"{path}silence/", json={"user_id": client.id, "minutes": 60})
        if role == "banned":
            admin.post(f"{path}bans/", json={"user_id": client.id})
        if role == "blocked":
            admin.post("/api/chat/blocks/", json={"user_id": client.id})
        if role == "site moderator":
            self.instance.sql("UPDATE user SET is_moderator = TRUE WHERE user_id = ?", client.id)
        if role == "disabled":
            self.instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", client.id)
        return client, ids

    def column(self, role):
        """{row: cell} of a role."""
        client, ids = self.caller(role)
        try:
            return {row: cell(ask(client, row, ids)) for row in rows()}
        finally:
            if role == "site moderator":
                self.instance.sql("UPDATE user SET is_moderator = FALSE WHERE user_id = ?",
                                  client.id)


def fill(value, ids):
    if isinstance(value, str) and value.startswith("{"):
        return ids[value.strip("{}")]
    return value


def ask(client, row, ids):
    method, path = row.split(" ", 1)
    numbers = iter([ids["room"] if "/rooms/#" in path else NONE,
                    fill(next((SECOND[part] for part in SECOND if f"/{part}/#" in path), NONE),
                         ids), NONE])
    concrete = re.sub("#", lambda _: str(next(numbers)), path)
    concrete = concrete.replace("$", "t1").replace("*", "0" * 40)
    slash = "" if path == "/healthz" or concrete.endswith("0" * 40) else "/"
    body = {key: fill(value, ids) for key, value in BODIES.get(row, {}).items()}
    has_body = method not in ("GET", "DELETE") or row in BODIES
    return client.request(method, concrete + slash + QUERIES.get(row, ""),
                          **({"json": body} if has_body else {}))


def cell(answer):
    """The status; of a refusal also its code, but not of 400 and 404."""
    status = answer.status_code
    if status < 400 or status in (400, 404):
        return str(status)
    return f"{status} {answer.json()['code']}"


# ---- the document ----

HEAD = """# Who may do what

What each role gets at each path: the status, and the code of a refusal ([errors](errors.md)). It
is written by the tests (`make docs/access.md`), which check each cell.

All are in the same public room, except `outsider`, who is logged in and in no room, and `stranger`,
without credentials. `guest` is in a room that lets guests write. `blocked` is blocked by the
admin. API keys have one scope each; `act` acts as a member. Each request is one that the highest
role may make; where a field of it is missing or wrong, 400 or 404 mean that the role passed the
check of permissions. The messages are by the admin. Private rooms answer 404 to users who are not
in them; see [the API](api-notes.md).
"""


def write(columns):
    lines = [HEAD]
    for title, roles in (("Users", USERS), ("API keys", [f"key {scope}" for scope in KEYS])):
        lines += [f"## {title}", "", "| path | " + " | ".join(roles) + " |",
                  "| --- |" + " --- |" * len(roles)]
        for row in sorted(rows(), key=lambda one: one.split(" ")[::-1]):
            cells = " | ".join(columns[role][row] for role in roles)
            lines.append(f"| `{row}` | {cells} |")
        lines.append("")
    return "\n".join(lines)


def read():
    """{role: {row: cell}} of the document."""
    columns, roles = {role: {} for role in ROLES}, []
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("| path |"):
            roles = [part.strip() for part in line.strip("| ").split("|")][1:]
        elif line.startswith("| `"):
            row, *cells = [part.strip() for part in line.strip("| ").split("|")]
            for role, value in zip(roles, cells, strict=True):
                columns[role][row.strip("`")] = value
    return columns
