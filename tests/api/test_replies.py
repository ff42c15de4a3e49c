"""Replies: what they show of the message that they answer, and the list of those to one."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.rooms import message_url, public_room, url
from support.shapes import NOT_FOUND, a_page, wrong


@pytest.fixture
def pair(user):
    """Two members of a room, and a message in it by the first."""
    alice, bob = user(), user()
    _, _, room = public_room(alice, bob)
    return alice, bob, alice.say(room["room_id"], "the question")


def reply(client, message, content="an answer"):
    return client.say(message["room_id"], content, reply_to_id=message["message_id"])


def replies(client, message, **params):
    answer = client.get(message_url(message) + "replies/", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def a_quote(message, sender, excerpt, is_deleted=False):
    return {"message_id": message["message_id"], "sender_id": sender.id,
            "sender_username": sender.name, "excerpt": excerpt, "is_deleted": is_deleted}


def everywhere(client, message):
    """The message as each path shows it."""
    room = url(message)
    page = client.get(room + "messages/").json()["results"]
    yield next(one for one in page if one["message_id"] == message["message_id"])
    yield client.get(message_url(message)).json()
    yield client.get(room + f"messages/?around={message['message_id']}&limit=1").json()["results"][0]
    yield next(event["message"] for event in client.events(message["room_id"])
               if event.get("message", {}).get("message_id") == message["message_id"])


def test_a_reply_shows_what_it_answers(pair):
    alice, bob, message = pair
    answer = reply(bob, message)
    assert answer["reply_to"] == a_quote(message, alice, "the question")
    for shown in everywhere(alice, answer):
        assert shown == answer
    assert alice.get(url(message)).json()["last_message"] == answer
    assert alice.get("/api/chat/rooms/").json()["results"][0]["last_message"] == answer
    assert message["reply_to"] is None


def test_the_excerpt_has_140_code_points(pair):
    alice, bob, _ = pair
    room = pair[2]["room_id"]
    text = "\U0001f600" * 139 + "e\u0301" + "more"
    assert reply(bob, alice.say(room, text))["reply_to"]["excerpt"] == text[:140]
    assert reply(bob, alice.say(room, "x" * 140))["reply_to"]["excerpt"] == "x" * 140


def test_a_reply_shows_the_message_as_it_is_now(pair):
    alice, bob, message = pair
    answer = reply(bob, message)
    alice.patch(message_url(message), json={"content": "another question"})
    for shown in everywhere(bob, answer):
        assert shown["reply_to"] == a_quote(message, alice, "another question")
    alice.delete(message_url(message))
    for shown in everywhere(bob, answer):
        assert shown["reply_to"] == a_quote(message, alice, "", True)
    # A deleted message can still be answered.
    assert reply(bob, message)["reply_to"] == a_quote(message, alice, "", True)


def test_replies_are_counted_and_listed_oldest_first(pair):
    alice, bob, message = pair
    assert replies(alice, message) == a_page([])
    answers = [reply(client, message, str(n)) for n, client in enumerate((bob, alice, bob))]
    # A reply to a reply is not a reply to the message.
    nested = reply(alice, answers[0])
    answers[0]["reply_count"] = 1
    assert replies(bob, message) == a_page(answers)
    for shown in everywhere(bob, message):
        assert shown["reply_count"] == 3
    assert replies(bob, answers[0]) == a_page([nested])
    page = replies(bob, message, limit=1, offset=1)
    assert (page["count"], page["results"]) == (3, answers[1:2])
    assert page["next"].endswith("replies/?limit=1&offset=2")
    assert replies(bob, message, offset=2 ** 64)["results"] == []


def test_deleted_replies_stay_in_list_and_count(pair):
    alice, bob, message = pair
    answer = reply(bob, message)
    bob.delete(message_url(answer))
    page = replies(alice, message)
    assert (page["count"], page["results"][0]["is_deleted"]) == (1, True)
    assert page["results"][0]["content"] == ""
    alice.delete(message_url(message))
    assert replies(alice, message)["count"] == 1


def test_a_repeated_reply_counts_once(pair):
    alice, bob, message = pair
    first, again = (bob.post(url(message, "messages/"), json={
        "content": "hi", "client_id": "one", "reply_to_id": message["message_id"]})
        for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert replies(alice, message)["count"] == 1


def test_replies_at_once_have_numbers_of_their_own(pair):
    alice, bob, message = pair
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: reply((alice, bob)[n % 2], message, str(n)), range(12)))
    page = replies(alice, message)
    assert page["count"] == 12
    assert {one["content"] for one in page["results"]} == {str(n) for n in range(12)}
    ids = [one["message_id"] for one in page["results"]]
    newest = alice.get(url(message, "messages/")).json()["results"]
    assert [one["message_id"] for one in newest][:12] == ids[::-1]


def test_a_message_of_another_room_cannot_be_answered(pair):
    alice, _, message = pair
    other = alice.room("other")
    answer = alice.post(url(other, "messages/"),
                        json={"content": "hi", "reply_to_id": message["message_id"]})
    assert (answer.status_code, answer.json()) == (400, wrong(reply_to_id="does_not_exist"))
    elsewhere = {**message, "room_id": other["room_id"]}
    answer = alice.get(message_url(elsewhere) + "replies/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert replies(alice, message)["count"] == 0
