"""ETag and 304: a polling client downloads only what changed."""

import re

import pytest

from support.answers import assert_error

LISTS = ["rooms/", "rooms/{id}/", "rooms/{id}/members/", "rooms/{id}/messages/",
         "rooms/{id}/events/", "rooms/{id}/messages/{message}/",
         "rooms/{id}/messages/{message}/reactions/", "rooms/{id}/messages/{message}/replies/",
         "rooms/{id}/pins/"]


class Place:
    """A room with an admin and a second member, and one message by the admin."""

    def __init__(self, user):
        self.admin, self.member = user(), user()
        self.id = self.admin.room("Place", is_private=False)["room_id"]
        self.admin.invite(self.id, self.member)
        self.message = self.admin.say(self.id, "first")["message_id"]

    def get(self, path, client=None, **headers):
        path = path.format(id=self.id, message=self.message)
        return (client or self.admin).get(f"/api/chat/{path}", headers=headers)

    def tag(self, path, client=None):
        answer = self.get(path, client)
        assert answer.status_code == 200, answer.text
        return answer.headers["ETag"]

    def tags(self, client=None):
        return {path: self.tag(path, client) for path in LISTS}


@pytest.fixture
def place(user):
    return Place(user)


# ---- the headers ----

@pytest.mark.parametrize("path", LISTS)
def test_pollable_answers_have_a_weak_etag_and_are_private(place, path):
    answer = place.get(path)
    assert re.fullmatch(r'W/"[!#-~]+"', answer.headers["ETag"])
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", LISTS)
def test_answers_vary_by_credentials(place, path):
    varies = {word.strip() for word in place.get(path).headers["Vary"].split(",")}
    assert varies >= {"Authorization", "X-Confab-Token", "Cookie"}


@pytest.mark.everywhere
@pytest.mark.parametrize("path", LISTS)
def test_an_unchanged_answer_is_304_without_a_body(place, path):
    tag = place.tag(path)
    answer = place.get(path, **{"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("form", ["{strong}", '"other", {tag}', '{tag}, "other"', "*",
                                  '{tag},W/"x"', 'W/"{opaque}-gzip"'])
def test_the_etag_is_matched_in_all_forms_that_clients_and_servers_send(place, form):
    tag = place.tag("rooms/{id}/")
    sent = form.format(tag=tag, strong=tag[2:], opaque=tag[3:-1])
    assert place.get("rooms/{id}/", **{"If-None-Match": sent}).status_code == 304


@pytest.mark.parametrize("sent", ['"other"', 'W/"other"', '""', '"', "other", ",", "W/", '"0"'])
def test_another_etag_gets_the_whole_answer(place, sent):
    answer = place.get("rooms/{id}/", **{"If-None-Match": sent})
    assert answer.status_code == 200
    assert answer.json()["room_id"] == place.id


@pytest.mark.everywhere
def test_head_has_the_etag_and_can_be_304(place):
    path = f"/api/chat/rooms/{place.id}/"
    tag = place.admin.request("HEAD", path).headers["ETag"]
    assert tag == place.tag("rooms/{id}/")
    answer = place.admin.request("HEAD", path, headers={"If-None-Match": tag})
    assert answer.status_code == 304


def test_other_answers_are_not_cacheable(place):
    for path in ("/api/auth/me/", "/api/chat/users/", f"/api/chat/rooms/{place.id}/presence/",
                 "/api/chat/rooms/999999999/"):
        answer = place.admin.get(path)
        assert "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", LISTS)
def test_an_error_has_no_etag(place, user, path):
    stranger = user()
    place.admin.patch(f"/api/chat/rooms/{place.id}/", json={"is_private": True})
    if path != "rooms/":
        answer = place.get(path, stranger, **{"If-None-Match": "*"})
        assert_error(answer, 404)
        assert "ETag" not in answer.headers


def test_an_invalid_page_is_400_whatever_the_etag(place):
    answer = place.get("rooms/{id}/messages/?limit=0", **{"If-None-Match": "*"})
    assert_error(answer, 400, ["limit"])


# ---- what changes the ETag, and what does not ----

def test_reading_changes_no_etag(place):
    before = place.tags()
    assert place.tags() == before


@pytest.mark.everywhere
def test_a_new_message_changes_every_etag_except_that_of_members(place):
    before = place.tags()
    place.member.say(place.id, "news")
    after = place.tags()
    for path in ("rooms/", "rooms/{id}/", "rooms/{id}/messages/", "rooms/{id}/events/"):
        assert after[path] != before[path], path


def test_the_answer_to_an_outdated_etag_shows_the_new_state(place):
    tag = place.tag("rooms/{id}/messages/")
    place.member.say(place.id, "news")
    answer = place.get("rooms/{id}/messages/", **{"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["content"] == "news"


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_an_edited_or_deleted_message_changes_the_etags_of_answers_that_show_it(place, change):
    before = place.tags()
    path = f"/api/chat/rooms/{place.id}/messages/{place.message}/"
    if change == "edit":
        assert place.admin.patch(path, json={"content": "other words"}).status_code == 200
    else:
        assert place.admin.delete(path).status_code == 204
    # A deleted message has no reactions/.
    for path in [path for path in LISTS if "reactions" not in path or change == "edit"]:
        assert place.tag(path) != before[path] or path == "rooms/{id}/members/"


@pytest.mark.parametrize("change", ["join", "leave", "promote"])
def test_a_changed_membership_changes_the_etags_of_answers_that_show_it(place, user, change):
    before = place.tags()
    base = f"/api/chat/rooms/{place.id}/"
    if change == "join":
        assert user().post(base + "join/").status_code == 201
    elif change == "leave":
        left = place.member.post(base + "remove_member/", json={"user_id": place.member.id})
        assert left.status_code == 204
    else:
        promoted = place.admin.patch(f"{base}members/{place.member.id}/", json={"is_admin": True})
        assert promoted.status_code == 200
    after = place.tags()
    for path in ("rooms/", "rooms/{id}/", "rooms/{id}/members/", "rooms/{id}/events/"):
        assert after[path] != before[path], path


def test_a_renamed_room_changes_the_etags_of_answers_that_show_it(place):
    before = place.tags()
    place.admin.patch(f"/api/chat/rooms/{place.id}/", json={"name": "Renamed"})
    after = place.tags()
    for path in ("rooms/", "rooms/{id}/", "rooms/{id}/events/"):
        assert after[path] != before[path], path


def test_marking_as_read_changes_the_etags_of_answers_with_unread_counts(place):
    before = {path: place.tag(path, place.member) for path in ("rooms/", "rooms/{id}/")}
    read = place.member.post(f"/api/chat/rooms/{place.id}/read/",
                             json={"message_id": place.message})
    assert read.json()["unread_count"] == 0
    for path, tag in before.items():
        assert place.tag(path, place.member) != tag, path


def test_read_marks_of_another_user_change_no_etag(place):
    before = place.tags()
    place.member.post(f"/api/chat/rooms/{place.id}/read/", json={"message_id": place.message})
    assert place.tags() == before


def test_changes_in_another_room_change_the_etag_of_the_room_list_only(place):
    before = place.tags()
    other = place.admin.room("Another")["room_id"]
    place.admin.say(other, "there")
    after = place.tags()
    assert after.pop("rooms/") != before.pop("rooms/")
    assert after == before


def test_new_and_deleted_rooms_change_the_etag_of_the_room_list(place, user):
    tags = [place.tag("rooms/")]
    room = place.admin.room("Short-lived")["room_id"]
    tags.append(place.tag("rooms/"))
    place.admin.delete(f"/api/chat/rooms/{room}/")
    tags.append(place.tag("rooms/"))
    host = user()
    room = host.room()["room_id"]
    host.invite(room, place.admin)
    tags.append(place.tag("rooms/"))
    host.post(f"/api/chat/rooms/{room}/remove_member/", json={"user_id": place.admin.id})
    tags.append(place.tag("rooms/"))
    assert tags[0] == tags[2] == tags[4] and len(set(tags)) == 3


def test_a_changed_public_room_changes_the_etag_of_the_public_list(place, user):
    visitor = user()
    tags = [place.tag("rooms/?public=1", visitor)]
    place.admin.say(place.id, "in public")
    tags.append(place.tag("rooms/?public=1", visitor))
    place.admin.patch(f"/api/chat/rooms/{place.id}/", json={"is_private": True})
    tags.append(place.tag("rooms/?public=1", visitor))
    place.admin.patch(f"/api/chat/rooms/{place.id}/", json={"is_private": False})
    tags.append(place.tag("rooms/?public=1", visitor))
    assert visitor.post(f"/api/chat/rooms/{place.id}/join/").status_code == 201
    tags.append(place.tag("rooms/?public=1", visitor))
    assert len(set(tags)) == len(tags)


def test_own_and_public_room_lists_have_different_etags(place):
    assert place.tag("rooms/") != place.tag("rooms/?public=1")


def test_users_who_see_different_content_get_different_etags(place):
    assert place.tag("rooms/", place.admin) != place.tag("rooms/", place.member)
    assert place.tag("rooms/{id}/", place.admin) != place.tag("rooms/{id}/", place.member)


def test_a_removed_member_is_refused_and_gets_no_304(place):
    tag = place.tag("rooms/{id}/messages/", place.member)
    place.admin.post(f"/api/chat/rooms/{place.id}/remove_member/",
                     json={"user_id": place.member.id})
    answer = place.get("rooms/{id}/messages/", place.member, **{"If-None-Match": tag})
    assert_error(answer, 403)


def test_purged_events_change_the_etag_of_events(place, instance):
    tag = place.tag("rooms/{id}/events/?after=1")
    instance.sql("DELETE FROM event WHERE room_id = ? AND seq = 1", place.id)
    instance.sql("UPDATE room SET oldest_seq = 2 WHERE room_id = ?", place.id)
    assert place.tag("rooms/{id}/events/?after=1") != tag


def test_an_expired_cursor_is_410_whatever_the_etag(place):
    answer = place.get("rooms/{id}/events/?after=99", **{"If-None-Match": "*"})
    assert answer.status_code == 410
