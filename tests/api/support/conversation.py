"""A sequence of requests that exercises everything a web server has to pass on."""

from support.client import Client
from support.shapes import NOT_FOUND


def run_through(place):
    """Registers, logs in, creates a room, posts, reads, edits, deletes, leaves; then checks
    errors."""
    anne, ben = Client(place).register(), Client(place).register()
    token = Client(place).post("/api/auth/token/", json={"username": anne.name,
                                                         "password": anne.password})
    assert token.status_code == 200 and list(token.json()) == ["token"]
    assert anne.get("/api/auth/me/").json()["username"] == anne.name
    room = anne.room("By another way")["room_id"]
    path = f"/api/chat/rooms/{room}/"
    anne.invite(room, ben)
    first = anne.say(room, "Grüße, \U0001f600", client_id="one")
    assert anne.say(room, "again", client_id="one")["message_id"] == first["message_id"]
    ben.say(room, "second", reply_to_id=first["message_id"])
    listed = ben.get(path + "messages/?limit=1").json()
    assert listed["count"] == 2 and [m["content"] for m in listed["results"]] == ["second"]
    following = ben.http.get(listed["next"], headers={"Authorization": f"Token {ben.token}"})
    assert [m["content"] for m in following.json()["results"]] == ["Grüße, \U0001f600"]
    edited = anne.patch(f"{path}messages/{first['message_id']}/", json={"content": "edited"})
    assert edited.json()["content"] == "edited"
    assert anne.delete(f"{path}messages/{first['message_id']}/").status_code == 204
    assert [event["type"] for event in ben.events(room)] == [
        "user_invited", "new_message", "new_message", "message_edited", "message_deleted"]
    assert_errors(anne, ben, path)
    assert ben.post(path + "remove_member/", json={"user_id": ben.id}).status_code == 204
    assert anne.delete(path).status_code == 204


def assert_errors(anne, ben, path):
    unchanged = anne.get(path)
    again = anne.get(path, headers={"If-None-Match": unchanged.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert anne.get("/api/nothing/").json() == NOT_FOUND
    assert anne.get("/api/auth/me/", headers={"Authorization": "Token x"}).status_code == 401
    assert ben.delete(path).status_code == 403
    refused = anne.request("PUT", path)
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS"
    wrong = anne.post(path + "messages/", json={"content": "", "message_type": "song"})
    assert wrong.status_code == 400 and wrong.json()["codes"] == {
        "content": ["blank"], "message_type": ["invalid_choice"]}
    headers = {"Content-Type": "application/json"}
    for body in (b"{", b"[]", b'{"content": NaN}', b'{"content": "\xff"}', b""):
        broken = anne.post(path + "messages/", data=body, headers=headers)
        assert broken.status_code == 400, body
    assert anne.post(path + "messages/", data=b"x" * 200_000, headers=headers).status_code == 413
    assert anne.post(path + "messages/", data=b"x", headers={
        "Content-Type": "text/plain"}).status_code == 415
    head = anne.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(unchanged.content))
    assert anne.request("OPTIONS", path).status_code == 200
