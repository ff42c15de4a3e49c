"""The JSON objects of the API with exactly their keys.

Each function returns an object to compare a response with. Keyword arguments are values that
the test knows; the others must have the right type. An extra or missing key is a difference.
"""
import re


class Kind:
    """Equals every value for which fits(value) is true."""

    def __init__(self, name, fits):
        self.name = name
        self.fits = fits

    def __eq__(self, other):
        return self.fits(other)

    def __repr__(self):
        return f"<{self.name}>"


TIME_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

A_TIME = Kind("a time", lambda value: isinstance(value, str) and TIME_FORM.fullmatch(value))
AN_ID = Kind("an id", lambda value: type(value) is int and value > 0)
A_TEXT = Kind("a text", lambda value: isinstance(value, str) and value != "")
A_CODE = Kind("a code", lambda value: isinstance(value, str) and re.fullmatch("[a-z_]+", value))
A_DETAIL = {"detail": A_TEXT, "code": A_CODE}


def refusal(code, detail=A_TEXT, **more):
    """The body of an error that concerns no field."""
    return {"detail": detail, "code": code, **more}


NOT_FOUND = refusal("not_found", "Not found.")


def wrong(*fields, **codes):
    """The body of a 400 with errors for exactly these fields; those given by keyword have that
    code."""
    said = Kind("what is wrong", lambda value: isinstance(value, list) and len(value) == 1
                and isinstance(value[0], str) and value[0])
    codes = {**dict.fromkeys(fields, A_CODE), **codes}
    return {**dict.fromkeys(codes, said), "codes": {field: [code] for field, code in codes.items()}}


def fill(shape, known):
    assert known.keys() <= shape.keys(), f"no such key: {known.keys() - shape.keys()}"
    return {**shape, **known}


def a_room(**known):
    return fill({
        "room_id": AN_ID, "name": A_TEXT, "is_private": True, "is_direct": False,
        "key": None, "created_by_id": AN_ID, "created_at": A_TIME, "members_count": 1,
        "message_count": 0, "last_message": None, "last_seq": 0, "unread_count": 0,
        "is_admin": True, "bell": None, "may_pin": "admins", "unread_mentions": 0, "me": a_view(), "topic": "",
        "post_policy": "members", "slow_seconds": 0, "is_archived": False,
        "members_visible": True, "is_live": False, "history": "all", "guests": "none", "retention_days": None,
        "is_open": False}, known)


def a_view(**known):
    """What a user has set for a room; nothing, unless given."""
    return fill({"notify": "default", "muted_until": None, "is_favorite": False,
                 "is_hidden": False}, known)


OF_THE_USER = {"is_admin", "unread_count", "bell", "unread_mentions", "me"}


def in_event(room):
    """The room as events show it, without the fields that depend on the user."""
    return {key: value for key, value in room.items() if key not in OF_THE_USER}


def mentions(*clients, everybody=False):
    """The mentions of a message."""
    return {"user_ids": [client.id for client in clients], "all": everybody}


def a_message(**known):
    return fill({
        "message_id": AN_ID, "room_id": AN_ID, "sender_id": AN_ID, "sender_username": A_TEXT,
        "content": A_TEXT, "message_type": "text", "reply_to_id": None, "created_at": A_TIME,
        "edited_at": None, "is_deleted": False, "client_id": None, "reactions": [],
        "reply_to": None, "reply_count": 0, "files": [], "mentions": mentions()}, known)


def a_membership(**known):
    return fill({"membership_id": AN_ID, "room_id": AN_ID, "user_id": AN_ID, "is_admin": False,
                 "role": "admin" if known.get("is_admin") else "member", "display_name": A_TEXT, "avatar_url": None, "joined_at": A_TIME}, known)


def a_member(**known):
    """A membership in the list of members."""
    role = "admin" if known.get("is_admin") else "member"
    return fill({**a_membership(), "username": A_TEXT, "role": role}, known)


def a_profile(client, **known):
    """A profile in the list of users; display_name is the user name unless given."""
    return fill({"user_id": client.id, "username": client.name, "display_name": client.name,
                 "avatar_url": None, "is_bot": False}, known)


def a_page(results, count=None, next=None, previous=None):
    return {"count": len(results) if count is None else count, "next": next,
            "previous": previous, "results": results}
