"""Fields of the wrong type, on every endpoint that has them, alone and combined."""

import pytest

from support.answers import assert_error
from support.client import Client
from support.rooms import ROOMS

pytestmark = pytest.mark.usefixtures("unharmed")


# Endpoints with an id in the body: path and field.
IDS = [("{room}/invite/", "user_id"), ("{room}/remove_member/", "user_id"), ("direct/", "user_id"),
       ("{room}/read/", "message_id"), ("{room}/messages/", "reply_to_id")]
NO_IDS = ["1.0", "1.5", "1e0", "1E2", "-1", "0", "true", "false", '"abc"', '""', '"1.0"', '"-1"',
          '"0x1"', '"1 2"', '"' + "9" * 30 + '"', "[]", "[1]", "{}", '{"id": 1}',
          "-9223372036854775808", "0.1"]
NO_BOOLEANS = ['"maybe"', "2", "-1", "1.5", "[]", "{}", "[true]", '""', '"truely"']
NO_TEXTS = ["true", "false", "[]", "{}", '["x"]', '{"x": "y"}']


@pytest.fixture(scope="module")
def room(owner):
    number = owner.room()["room_id"]
    owner.say(number)
    return number


@pytest.fixture
def send(owner, room):
    """send(path, body, method): sends the text as a JSON body; {room} in the path is replaced."""
    def request(path, body, method="POST"):
        return owner.request(method, ROOMS + path.format(room=room, me=owner.id),
                             data=body.encode(), headers={"Content-Type": "application/json"})
    return request


@pytest.mark.parametrize("value", NO_IDS)
@pytest.mark.parametrize("path, field", IDS)
def test_an_id_that_is_not_a_positive_integer_is_400(send, path, field, value):
    answer = send(path, f'{{"content": "x", "{field}": {value}}}')
    assert_error(answer, 400, [field])


@pytest.mark.parametrize("path, field", IDS[:4])
def test_a_null_id_is_400(send, path, field):
    assert_error(send(path, f'{{"{field}": null}}'), 400, [field])
    assert_error(send(path, "{}"), 400, [field])


@pytest.mark.parametrize("value", ["999999999999", "9223372036854775807", "9223372036854775808",
                                   "18446744073709551615"])
@pytest.mark.parametrize("path, field, status", [
    (*IDS[0], 400), (*IDS[1], 404), (*IDS[2], 400), (*IDS[3], 400), (*IDS[4], 400)])
def test_an_unknown_id_is_refused_up_to_64_bits(send, path, field, status, value):
    answer = send(path, f'{{"content": "x", "{field}": {value}}}')
    assert_error(answer, status, [field] if status == 400 else ["detail"])


def test_an_id_beyond_64_bits_is_400(send):
    for path, field in IDS:
        assert_error(send(path, f'{{"content": "x", "{field}": 18446744073709551616}}'), 400)


@pytest.mark.parametrize("value", NO_BOOLEANS + ["null"])
@pytest.mark.parametrize("method, path, field", [
    ("POST", "", "is_private"), ("PATCH", "{room}/", "is_private"),
    ("PATCH", "{room}/members/{me}/", "is_admin")])
def test_a_value_that_is_not_a_boolean_is_400(send, method, path, field, value):
    answer = send(path, f'{{"name": "x", "{field}": {value}}}', method)
    assert_error(answer, 400, [field])


@pytest.mark.parametrize("value", NO_TEXTS + ["null", '""', '"  \\u3000 "'])
@pytest.mark.parametrize("method, path, field", [
    ("POST", "", "name"), ("PATCH", "{room}/", "name"), ("POST", "{room}/messages/", "content")])
def test_a_text_field_that_is_not_a_string_is_400(send, method, path, field, value):
    assert_error(send(path, f'{{"{field}": {value}}}', method), 400, [field])


@pytest.mark.parametrize("value", NO_TEXTS + ['""', '"' + "x" * 65 + '"'])
def test_an_invalid_client_id_is_400(send, value):
    answer = send("{room}/messages/", f'{{"content": "x", "client_id": {value}}}')
    assert_error(answer, 400, ["client_id"])


@pytest.mark.parametrize("value", NO_TEXTS + ["null", '"TEXT"', '"video"', "1",
                                              '"' + "x" * 9000 + '"', '"text\'--"'])
def test_an_invalid_message_type_is_400_on_its_field(send, value):
    answer = send("{room}/messages/", f'{{"content": "x", "message_type": {value}}}')
    assert_error(answer, 400, ["message_type"])


# ---- several invalid fields ----

def test_an_invalid_reply_and_missing_content_are_reported_together(send):
    answer = send("{room}/messages/", '{"reply_to_id": 999999999999}')
    assert_error(answer, 400, ["content", "reply_to_id"])


@pytest.mark.parametrize("method, path", [("POST", ""), ("PATCH", "{room}/")])
def test_both_invalid_fields_of_a_room_are_reported_together(send, method, path):
    answer = send(path, '{"name": " ", "is_private": "perhaps"}', method)
    assert_error(answer, 400, ["name", "is_private"])


def test_an_invalid_field_prevents_changes_of_valid_ones(owner, send, room):
    before = owner.get(f"{ROOMS}{room}/").json()
    send("{room}/", '{"name": "Changed", "is_private": "perhaps"}', "PATCH")
    assert owner.get(f"{ROOMS}{room}/").json() == before


def test_authorization_is_checked_before_fields(room, user):
    stranger = user()
    for path in ("invite/", "remove_member/", "messages/", "read/"):
        assert_error(stranger.post(f"{ROOMS}{room}/{path}", json={}), 404)
    assert_error(stranger.patch(f"{ROOMS}{room}/", json={"name": ""}), 404)


def test_the_error_for_a_field_of_100_kb_is_short(send):
    for path, field in (("", "name"), ("{room}/messages/", "message_type"), *IDS):
        answer = send(path, f'{{"content": "x", "{field}": "{"y" * 100000}"}}')
        assert_error(answer, 400, [field])
        assert len(answer.content) < 1000


@pytest.mark.parametrize("value", ["'; DROP TABLE room; --", '" OR 1=1', "\\' OR '1'='1",
                                   "%s%n%x%d", "${jndi:x}", "{{7*7}}", "../../etc/passwd",
                                   "x\r\nSet-Cookie: a=b", "<script>", "1); DELETE FROM user"])
def test_sql_html_and_format_strings_are_stored_as_text(owner, room, value):
    made = owner.room(f"<{value}>")
    assert made["name"] == f"<{value}>"
    assert owner.get(f"{ROOMS}{made['room_id']}/").json()["name"] == f"<{value}>"
    said = owner.say(room, f"<{value}>", client_id=f"<{value}>")
    path = f"{ROOMS}{room}/messages/{said['message_id']}/"
    assert owner.get(path).json()["content"] == f"<{value}>"
    assert said["client_id"] == f"<{value}>"


def test_requests_without_credentials_are_401_before_fields_are_checked(anonymous):
    for path in ("", "direct/", "1/messages/"):
        answer = Client(anonymous.instance).post(ROOMS + path, data=b"{not json")
        assert_error(answer, 401)
