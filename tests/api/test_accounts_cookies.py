"""The session cookie: its name and path follow where the chat lives, and other applications may
have cookies of the same name."""

import json
import re
import subprocess
from http.cookies import SimpleCookie

import pytest

from support.answers import answer_of
from support.client import Client
from support.counters import spent
from support.sockets import site

ME = "/api/auth/me/"
LOGIN = "/api/auth/login/"
DJANGO = "k3j2h4g5j6h7k8l9qwertyuiopasdfgh"  # the form of Django's session keys
FOREIGN = "f" * 40                           # another confab's


@pytest.fixture(scope="module")
def named(shared):
    return shared(CONFAB_COOKIE_NAME="chat.id", CONFAB_TRUSTED_PROXIES="127.0.0.1",
                  CONFAB_SESSION_DAYS=14)


def log_in(client, path=LOGIN, **variables):
    """Logs in, with these CGI variables; returns (name, value, attributes) of the cookie."""
    body = json.dumps({"username": client.name, "password": client.password}).encode()
    answer = answer_of(client.instance.fcgi(
        path, "POST", {"CONTENT_TYPE": "application/json", **variables}, body))
    assert answer.status == 200, answer.body
    (name, morsel), = SimpleCookie(answer.headers["Set-Cookie"]).items()
    return name, morsel.value, morsel


def me(instance, cookies):
    return Client(instance).get(ME, headers={"Cookie": cookies})


# ---- cookies of others ----

@pytest.mark.everywhere
@pytest.mark.parametrize("cookies", [
    "sessionid={other}; sessionid={own}", "sessionid={own}; sessionid={other}",
    "a=b; sessionid={other}; c=d; sessionid={other}; sessionid={own}",
    "sessionid=; sessionid={own}", "sessionid={own}; sessionid=",
    "__Host-sessionid={other}; sessionid={own}",
])
@pytest.mark.parametrize("other", [DJANGO, FOREIGN, '"x"', "a" * 3000])
def test_each_cookie_of_the_name_is_tried(user, cookies, other):
    new = user()
    _, own, _ = log_in(new)
    answer = me(new.instance, cookies.format(other=other, own=own))
    assert (answer.status_code, answer.json().get("user_id")) == (200, new.id)


def test_of_several_valid_sessions_that_of_the_host_cookie_counts(user):
    first, second = user(), user()
    keys = [log_in(client)[1] for client in (first, second)]
    cookies = f"sessionid={keys[0]}; __Host-sessionid={keys[1]}"
    assert me(first.instance, cookies).json()["user_id"] == second.id


def test_the_cookie_of_a_disabled_user_does_not_hide_another(user, instance):
    gone, new = user(), user()
    keys = [log_in(client)[1] for client in (gone, new)]
    instance.sql("UPDATE user SET is_active = 0 WHERE user_id = ?", gone.id)
    assert me(instance, f"sessionid={keys[0]}; sessionid={keys[1]}").json()["user_id"] == new.id
    assert me(instance, f"sessionid={keys[0]}").json()["detail"] == "User inactive or deleted."


def test_many_cookies_of_the_name_cost_few_queries(user, instance):
    _, own, _ = log_in(user())
    many = "; ".join(f"sessionid={i:040x}" for i in range(200))

    def ask():
        assert me(instance, f"{many}; sessionid={own}").status_code == 401
    assert spent(instance, ask, "Com_stmt_execute") < 60


@pytest.mark.parametrize("other", [DJANGO, FOREIGN])
def test_a_socket_tries_each_cookie_of_the_name(user, other):
    new = user()
    _, own, _ = log_in(new)
    room = new.room()["room_id"]
    for cookies in (f"sessionid={other}; sessionid={own}", f"sessionid={own}; sessionid={other}",
                    f"sessionid={'0' * 40}; sessionid={other}; x=y; sessionid={own}",
                    f"__Host-sessionid={own}; sessionid={other}"):
        headers = {"Cookie": cookies, "Origin": site(new.instance), "Authorization": None}
        for socket in (new.notifications, lambda **more: new.socket(room, **more)):
            with socket(headers=headers) as live:
                assert live.status == 101
                connected = live.next()
                assert (connected["type"], connected["user_id"]) == ("connected", new.id)


def test_a_socket_without_a_valid_cookie_among_several_is_4401(user):
    new = user()
    headers = {"Cookie": f"sessionid={FOREIGN}; sessionid={'0' * 40}",
               "Origin": site(new.instance), "Authorization": None}
    with new.notifications(headers=headers) as live:
        assert live.next()["type"] == "error"
        assert live.closed() == 4401


def test_logging_out_ends_each_session_of_the_user_that_is_sent(user):
    new, other = user(), user()
    keys = [log_in(client)[1] for client in (new, new, other)]
    cookies = f"sessionid={FOREIGN}; sessionid={keys[2]}; sessionid={keys[0]}; sessionid={keys[1]}"
    assert me(new.instance, cookies).json()["user_id"] == other.id
    cookies = f"sessionid={keys[0]}; sessionid={keys[2]}; sessionid={keys[1]}"
    answer = Client(new.instance).post("/api/auth/logout/", headers={
        "Cookie": cookies, "Origin": new.instance.url})
    assert answer.status_code == 204
    assert [me(new.instance, f"sessionid={key}").status_code for key in keys] == [401, 401, 200]


# ---- its own name and path ----

def test_over_http_at_the_root_the_name_is_sessionid(user):
    name, value, cookie = log_in(user())
    assert (name, cookie["path"], cookie["secure"]) == ("sessionid", "/", "")
    assert re.fullmatch("[0-9a-f]{40}", value)


def test_over_https_at_the_root_only_this_host_can_set_the_cookie(user):
    new = user()
    name, value, cookie = log_in(new, HTTPS="on")
    assert (name, cookie["path"], cookie["secure"], cookie["domain"]) == (
        "__Host-sessionid", "/", True, "")
    assert me(new.instance, f"{name}={value}").json()["user_id"] == new.id


@pytest.mark.parametrize("folder", ["/chat/", "/~alice/talk/", "/%7Ealice/", "/a/b.c/d-e/"])
def test_below_a_path_the_cookie_is_for_that_path(user, folder):
    new = user()
    name, value, cookie = log_in(new, folder + LOGIN[1:])
    assert (name, cookie["path"], cookie["secure"]) == ("sessionid", folder, "")
    name, value, cookie = log_in(new, folder + LOGIN[1:], HTTPS="on")
    assert (name, cookie["path"], cookie["secure"]) == ("sessionid", folder, True)
    headers = {"HTTP_COOKIE": f"sessionid={value}", "HTTP_ORIGIN": "http://127.0.0.1",
               "HTTP_HOST": "127.0.0.1"}
    answer = answer_of(new.instance.fcgi(folder + "api/auth/logout/", "POST", headers, b""))
    assert answer.status == 204
    assert answer.headers["Set-Cookie"].startswith(f"sessionid=; Max-Age=0; Path={folder};")


@pytest.mark.parametrize("folder", ["/api/", "/api/v2/chat/", "/site/api/auth/x/", "/healthz/",
                                    "/api/api/api/a/b/c/d/e/f/g/h/i/"])
def test_the_path_of_the_site_may_have_segments_of_the_api(user, folder):
    new = user()
    assert log_in(new, folder + LOGIN[1:])[2]["path"] == folder
    answer = answer_of(new.instance.fcgi(f"{folder}api/chat/rooms/?limit=1", token=new.token))
    assert answer.status == 200
    assert answer_of(new.instance.fcgi(f"{folder}healthz/")).status == 200
    assert answer_of(new.instance.fcgi(f"{folder}api/chat/cats/")).status == 404


def test_a_long_path_is_not_cut(user):
    folder = "/" + "long/" * 600
    name, value, cookie = log_in(user(), folder + LOGIN[1:])
    assert cookie["path"] == folder
    assert len(value) == 40 and cookie["httponly"]


@pytest.mark.parametrize("folder", ["/a;b/", "/a//b/", "//", "/a,b/", "/é/", '/"/'])
def test_a_path_that_a_cookie_cannot_have_is_left_out(user, folder):
    _, _, cookie = log_in(user(), folder + LOGIN[1:])
    assert cookie["path"] == "/"


@pytest.mark.slow("an instance of its own")
def test_the_name_can_be_chosen(named):
    new = Client(named).register()
    name, value, _ = log_in(new)
    assert name == "chat.id"
    assert log_in(new, HTTPS="on")[0] == "__Host-chat.id"
    browser = new.browser()
    assert list(browser.cookies.keys()) == ["chat.id"]
    assert browser.get(ME).json()["user_id"] == new.id
    headers = {"Cookie": f"chat.id={value}", "Origin": site(named), "Authorization": None}
    with new.notifications(headers=headers) as live:
        assert live.next()["type"] == "connected"


def test_a_chosen_name_ends_no_session(named):
    new = Client(named).register()
    _, value, _ = log_in(new)
    assert me(named, f"sessionid={value}").json()["user_id"] == new.id
    with new.notifications(headers={"Cookie": f"sessionid={value}", "Origin": site(named),
                                    "Authorization": None}) as live:
        assert live.next()["type"] == "connected"


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a=b", "__Host-x", "é", "x" * 65])
def test_an_impossible_name_is_refused_at_the_start(instance, name):
    said = subprocess.run([instance.build / "fcgi-api", "-c", instance.config, "--check-config"],
                          env={**instance.env, "CONFAB_COOKIE_NAME": name}, capture_output=True,
                          text=True, timeout=30)
    assert said.returncode == 1 and "cookie_name" in said.stderr
