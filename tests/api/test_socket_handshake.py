"""Handshakes: credentials, refusals and their codes, and the first frame."""
import pytest

from support.answers import assert_error, parse_http
from support.shapes import NOT_FOUND
from support.sockets import (BOTH_WAYS, NOTIFICATIONS, ROOM, assert_let_in, assert_refused,
                             person, session_of, site)
from support.websocket import Socket, push_port

NO_TOKEN = "0" * 40
MISSING = "Authentication credentials were not provided."
INVALID = "Invalid token."
INACTIVE = "User inactive or deleted."


def shake(client, path, direct=False, **options):
    return Socket.open(client.instance, path, direct=direct, **options)


# ---- credentials ----

@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
def test_an_authorization_header_with_a_token_opens_a_socket(alice, room, direct, scheme):
    with shake(alice, ROOM.format(room), direct,
               headers={"Authorization": f"{scheme} {alice.token}"}) as live:
        assert assert_let_in(live)["user_id"] == alice.id


@pytest.mark.everywhere
@BOTH_WAYS
def test_x_confab_token_opens_a_socket(alice, room, direct):
    with shake(alice, ROOM.format(room), direct, headers={"X-Confab-Token": alice.token}) as live:
        assert assert_let_in(live)["user_id"] == alice.id


def test_x_confab_token_is_ignored_with_authorization(alice, room):
    assert_refused(shake(alice, ROOM.format(room), token=NO_TOKEN,
                         headers={"X-Confab-Token": alice.token}), 4401)
    with shake(alice, ROOM.format(room), token=alice.token,
               headers={"X-Confab-Token": NO_TOKEN}) as live:
        assert_let_in(live)


@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("form", ["confab, token.{}", "token.{}, confab", "confab,token.{}"])
def test_subprotocols_open_a_socket_and_the_answer_names_confab(alice, room, direct, form):
    with shake(alice, ROOM.format(room), direct, protocols=form.format(alice.token)) as live:
        assert live.headers["sec-websocket-protocol"] == "confab"
        assert assert_let_in(live)["user_id"] == alice.id


@BOTH_WAYS
def test_a_wrong_token_among_the_subprotocols_is_4401(alice, room, direct):
    live = shake(alice, ROOM.format(room), direct, protocols=f"confab, token.{NO_TOKEN}")
    assert live.headers["sec-websocket-protocol"] == "confab"
    assert assert_refused(live, 4401) == INVALID


@BOTH_WAYS
@pytest.mark.parametrize("protocols", ["token.{}", "other, token.{}", "Confab, token.{}", "none",
                                       "confab, token.{}, " + "x" * 100])
def test_other_subprotocols_than_confab_are_400(alice, room, direct, protocols):
    with shake(alice, ROOM.format(room), direct, protocols=protocols.format(alice.token)) as live:
        assert live.status == 400
        assert list(live.json()) == ["detail", "code"]


def test_no_subprotocol_is_answered_if_none_is_offered(alice, room):
    with shake(alice, ROOM.format(room), token=alice.token) as live:
        assert "sec-websocket-protocol" not in live.headers


@pytest.mark.parametrize("protocols", ["token.{}", "confab, token.{}"])
def test_the_answer_never_contains_a_token(alice, room, protocols):
    with shake(alice, ROOM.format(room), protocols=protocols.format(alice.token)) as live:
        assert alice.token not in str(live.headers) and alice.token.encode() not in live.body


@pytest.mark.everywhere
@BOTH_WAYS
def test_a_session_cookie_with_this_sites_origin_opens_a_socket(alice, room, direct):
    with shake(alice, ROOM.format(room), direct, cookie=session_of(alice),
               origin=site(alice.instance, direct)) as live:
        assert assert_let_in(live)["user_id"] == alice.id


def test_the_cookie_is_found_among_others(alice, room):
    cookies = f"theme=dark; sessionid={session_of(alice)}; xsessionid={NO_TOKEN}"
    with shake(alice, ROOM.format(room), headers={"Cookie": cookies},
               origin=site(alice.instance)) as live:
        assert_let_in(live)


@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("form", [
    "http://evil.example", "https://evil.example", "null", "{}.evil.example", "{}0",
    "http://evil.example/{}", "{}/", "http://127.0.0.1", "file://", "",
    "http://localhost.evil.example"])
def test_a_session_cookie_from_a_foreign_origin_is_refused_with_403(alice, room, direct, form):
    origin = form.format(site(alice.instance, direct))
    with shake(alice, ROOM.format(room), direct, cookie=session_of(alice), origin=origin) as live:
        assert live.status == 403
        assert list(live.json()) == ["detail", "code"]
        assert live.headers["content-type"] == "application/json; charset=utf-8"


@BOTH_WAYS
@pytest.mark.parametrize("path", [ROOM, NOTIFICATIONS])
def test_a_session_cookie_without_an_origin_is_refused_with_403(alice, room, direct, path):
    with shake(alice, path.format(room), direct, cookie=session_of(alice)) as live:
        assert live.status == 403
        assert list(live.json()) == ["detail", "code"]


def test_the_origin_is_checked_for_a_wrong_cookie(alice, room):
    with shake(alice, ROOM.format(room), cookie=NO_TOKEN) as live:
        assert live.status == 403
    assert_refused(shake(alice, ROOM.format(room), cookie=NO_TOKEN, origin=site(alice.instance)),
                   4401)


@BOTH_WAYS
@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_a_token_is_accepted_from_any_origin(alice, room, direct, origin):
    for credentials in ({"token": alice.token}, {"headers": {"X-Confab-Token": alice.token}},
                        {"protocols": f"confab, token.{alice.token}"}):
        with shake(alice, ROOM.format(room), direct, origin=origin, **credentials) as live:
            assert_let_in(live)


@BOTH_WAYS
def test_a_token_takes_precedence_over_the_cookie(alice, room, direct):
    good = {"cookie": session_of(alice), "origin": site(alice.instance, direct)}
    for wrong in ({"token": NO_TOKEN}, {"protocols": f"confab, token.{NO_TOKEN}"},
                  {"headers": {"X-Confab-Token": NO_TOKEN}}):
        assert assert_refused(shake(alice, ROOM.format(room), direct, **good, **wrong),
                              4401) == INVALID


def test_with_a_token_the_cookie_is_ignored(alice, room):
    with shake(alice, ROOM.format(room), token=alice.token, cookie=NO_TOKEN,
               origin="https://evil.example") as live:
        assert_let_in(live)


@BOTH_WAYS
@pytest.mark.parametrize("name", ["token", "access_token", "auth", "sessionid", "authorization"])
def test_a_token_in_the_url_is_ignored(alice, room, direct, name):
    live = shake(alice, f"{ROOM.format(room)}?{name}={alice.token}", direct)
    assert assert_refused(live, 4401) == MISSING


# ---- 4401 ----

@pytest.mark.everywhere
@BOTH_WAYS
@pytest.mark.parametrize("path", [ROOM, NOTIFICATIONS])
def test_missing_credentials_are_4401(alice, room, direct, path):
    assert assert_refused(shake(alice, path.format(room), direct), 4401) == MISSING


@BOTH_WAYS
@pytest.mark.parametrize("path", [ROOM, NOTIFICATIONS])
@pytest.mark.parametrize("token", [NO_TOKEN, "short", "", "x" * 40, "f" * 41, "é" * 40])
def test_a_wrong_token_is_4401(alice, room, direct, path, token):
    live = shake(alice, path.format(room), direct, headers={"Authorization": f"Token {token}"})
    assert assert_refused(live, 4401) in (INVALID, MISSING)


def test_another_scheme_of_authorization_is_4401(alice, room):
    assert_refused(shake(alice, ROOM.format(room),
                         headers={"Authorization": f"Bearer {alice.token}"}), 4401)


def test_a_deleted_token_is_4401(alice, room):
    assert alice.delete("/api/auth/token/").status_code == 204
    assert assert_refused(alice.socket(room), 4401) == INVALID


def test_a_logged_out_session_is_4401(alice, room):
    cookie = session_of(alice)
    there = {"Cookie": f"sessionid={cookie}", "Origin": site(alice.instance),
             "Authorization": None}
    assert alice.post("/api/auth/logout/", headers=there).status_code == 204
    assert_refused(shake(alice, ROOM.format(room), cookie=cookie, origin=site(alice.instance)),
                   4401)


@BOTH_WAYS
def test_a_disabled_user_is_4401(alice, room, direct):
    assert alice.instance.confabctl("user", "disable", alice.name).returncode == 0
    assert assert_refused(alice.socket(room, direct=direct), 4401) == INACTIVE
    assert assert_refused(alice.notifications(direct=direct), 4401) == INACTIVE


# ---- 4404, 4403, 4400 ----

@BOTH_WAYS
@pytest.mark.parametrize("number", [0, 2 ** 31, 2 ** 53, 2 ** 63 - 1, 2 ** 64, 10 ** 30])
def test_an_unknown_room_is_4404(alice, direct, number):
    assert_refused(alice.socket(number, direct=direct), 4404)


@pytest.mark.everywhere
@BOTH_WAYS
def test_a_private_room_of_others_is_4404_like_an_unknown_one(user, room, direct):
    stranger = user()
    assert assert_refused(stranger.socket(room, direct=direct), 4404) == \
        assert_refused(stranger.socket(2 ** 40, direct=direct), 4404)


def test_a_deleted_room_is_4404(alice, room):
    assert alice.delete(f"/api/chat/rooms/{room}/").status_code == 204
    assert_refused(alice.socket(room), 4404)


def test_a_removed_member_is_4404(alice, room, user):
    bob = user()
    alice.invite(room, bob)
    alice.post(f"/api/chat/rooms/{room}/remove_member/", json={"user_id": bob.id})
    assert_refused(bob.socket(room), 4404)


@BOTH_WAYS
def test_a_public_room_is_4403_before_joining(alice, user, direct):
    room = alice.room(is_private=False)["room_id"]
    assert_refused(user().socket(room, direct=direct), 4403)


def test_a_public_room_is_open_after_joining(alice, user):
    room, bob = alice.room(is_private=False)["room_id"], user()
    assert bob.post(f"/api/chat/rooms/{room}/join/").status_code == 201
    with bob.socket(room) as live:
        assert_let_in(live)


@BOTH_WAYS
@pytest.mark.parametrize("path", [ROOM, NOTIFICATIONS])
@pytest.mark.parametrize("since", ["", "abc", "-1", "+1", "1.0", "0x1", "1e3", "1,2", "null",
                                   "18446744073709551616", "9" * 30])
def test_a_since_that_is_not_a_64_bit_integer_is_4400(alice, room, direct, path, since):
    assert_refused(shake(alice, path.format(room), direct, token=alice.token, since=since), 4400)


@pytest.mark.parametrize("path", [ROOM, NOTIFICATIONS])
@pytest.mark.parametrize("since", ["0", str(2 ** 63 - 1)])
def test_a_since_of_any_64_bit_integer_is_accepted(alice, room, path, since):
    with shake(alice, path.format(room), token=alice.token, since=since) as live:
        assert assert_let_in(live)["seq"] == int(since)


@pytest.fixture
def rooms(alice, user):
    """Room ids for a user: unknown, private of another user, public and not joined."""
    stranger = user()
    return stranger, {"none": 2 ** 40, "private": alice.room()["room_id"],
                      "public": alice.room(is_private=False)["room_id"]}


@pytest.mark.parametrize("kind", ["none", "private", "public"])
def test_4401_takes_precedence_over_all_others(rooms, kind):
    stranger, numbers = rooms
    assert_refused(shake(stranger, ROOM.format(numbers[kind]), token=NO_TOKEN, since="x"), 4401)
    assert_refused(shake(stranger, ROOM.format(numbers[kind]), since="x"), 4401)


@pytest.mark.parametrize("kind, code", [("none", 4404), ("private", 4404), ("public", 4403)])
def test_4404_and_4403_take_precedence_over_4400(rooms, kind, code):
    stranger, numbers = rooms
    assert_refused(stranger.socket(numbers[kind], since="x"), code)


# ---- invalid handshakes ----

@BOTH_WAYS
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/ws/chat/1/", "/ws/chat/notifications/", "/ws/", "/ws/other"])
def test_plain_http_is_426_with_json(instance, direct, path, method):
    port = push_port(instance) if direct else instance.port
    with Socket(("127.0.0.1", port)) as plain:
        plain.send_raw(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
                       "\r\n".encode())
        plain.read_answer()
        assert plain.status == 426
        assert list(plain.json()) == ["detail", "code"]
        assert plain.headers["content-type"] == "application/json; charset=utf-8"


def test_plain_http_is_426_for_a_member(alice, room):
    assert_error(alice.get(ROOM.format(room)), 426)


@pytest.mark.everywhere
def test_plain_http_is_answered_with_an_upgrade_header(instance):
    answer = parse_http(instance.raw(b"GET /ws/chat/1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                     b"Connection: close\r\n\r\n"))
    assert_error(answer, 426)
    assert answer.headers["Upgrade"].lower() == "websocket"


@BOTH_WAYS
def test_an_upgrade_to_http_2_is_426(alice, room, direct):
    with shake(alice, ROOM.format(room), direct, token=alice.token,
               headers={"Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}) as live:
        assert live.status == 426
        assert list(live.json()) == ["detail", "code"]


@BOTH_WAYS
def test_an_unknown_upgrade_is_refused(alice, room, direct):
    with shake(alice, ROOM.format(room), direct, token=alice.token,
               headers={"Upgrade": "TLS/1.0"}) as live:
        assert 400 <= live.status < 500


@BOTH_WAYS
@pytest.mark.parametrize("version", [None, "", "8", "14", "130", "x"])
def test_another_websocket_version_is_426_with_the_supported_one(alice, room, direct, version):
    with shake(alice, ROOM.format(room), direct, token=alice.token,
               headers={"Sec-WebSocket-Version": version}) as live:
        assert live.status == 426
        assert live.headers["sec-websocket-version"] == "13"


@BOTH_WAYS
@pytest.mark.parametrize("key", [None, "", "short", "x" * 100])
def test_a_handshake_without_a_valid_key_is_400(alice, room, direct, key):
    with shake(alice, ROOM.format(room), direct, token=alice.token,
               headers={"Sec-WebSocket-Key": key}) as live:
        assert live.status == 400
        assert list(live.json()) == ["detail", "code"]


@BOTH_WAYS
def test_a_handshake_by_another_method_is_refused(alice, room, direct):
    port = push_port(alice.instance) if direct else alice.instance.port
    with Socket(("127.0.0.1", port)) as live:
        request = live.request(ROOM.format(room), f"127.0.0.1:{port}",
                               {"Authorization": f"Token {alice.token}", "Content-Length": 0})
        live.send_raw(request.replace(b"GET", b"POST", 1))
        live.read_answer()
        assert 400 <= live.status < 500
        assert list(live.json()) == ["detail", "code"]


@pytest.mark.slow("waits 10 seconds")
def test_an_incomplete_handshake_is_disconnected_after_10_seconds(instance):
    address = ("127.0.0.1", push_port(instance))
    with Socket(address) as silent, Socket(address) as half:
        half.send_raw(b"GET /ws/chat/1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert silent.closed(30) is None
        assert half.closed(30) is None


@BOTH_WAYS
def test_a_handshake_with_many_cookies_is_accepted(alice, room, direct):
    cookies = "; ".join(f"cookie{number}={'x' * 300}" for number in range(40))
    with shake(alice, ROOM.format(room), direct, origin=site(alice.instance, direct),
               headers={"Cookie": f"{cookies}; sessionid={session_of(alice)}"}) as live:
        assert_let_in(live)


@BOTH_WAYS
@pytest.mark.parametrize("path", ["/ws/", "/ws/chat/", "/ws/other/", "/ws/chat/x/", "/ws/chat/1/2/",
                                  "/ws/chat/-1/", "/ws/chat/1.0/", "/ws/chat/notifications/1/",
                                  "/ws/chat/Notifications/"])
def test_an_unknown_path_is_404(alice, direct, path):
    with shake(alice, path, direct, token=alice.token) as live:
        assert live.status == 404
        assert live.json() == NOT_FOUND


@pytest.mark.everywhere
@BOTH_WAYS
def test_a_socket_path_works_without_its_trailing_slash(alice, room, direct):
    for path in (ROOM.format(room), NOTIFICATIONS):
        with shake(alice, path.rstrip("/"), direct, token=alice.token) as live:
            assert_let_in(live)


# ---- the first frame ----

@BOTH_WAYS
def test_the_first_frame_of_a_room_is_connected(alice, new_room, direct):
    alice.say(new_room)
    alice.say(new_room)
    with alice.socket(new_room, direct=direct) as live:
        assert live.next() == {"type": "connected", "room_id": new_room, "user_id": alice.id,
                               "seq": 2, "online": [person(alice)]}
        live.none()


def test_the_first_frame_of_a_new_room_has_seq_0(alice, new_room):
    with alice.socket(new_room) as live:
        assert live.next()["seq"] == 0


@BOTH_WAYS
def test_the_first_frame_of_notifications_is_connected(alice, room, direct):
    alice.say(room)
    alice.room()
    with alice.notifications(direct=direct) as live:
        assert live.next() == {"type": "connected", "user_id": alice.id, "seq": 2}
        live.none()
