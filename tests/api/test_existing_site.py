"""confab beside a site of PHP pages, with the shipped files: the site answers as before."""

import socket
import ssl
import subprocess
import types
import urllib.parse

import pytest
import requests

from support.answers import assert_error
from support.client import Client
from support.conversation import run_through
from support.front import PATH
from support.php_site import HOST, PhpSite, SharedPhpSite
from support.sockets import assert_let_in
from support.websocket import Socket

pytestmark = pytest.mark.slow("starts a web server for each layout")

SERVERS = ["apache", "nginx", "lighttpd"]
WAYS = ["path", "tls"]

# (method, path, size of the body)
REQUESTS = [
    ("GET", "/", 0), ("GET", "/index.php?a=b%20c", 0), ("GET", "/no/such/page?x=1", 0),
    ("GET", "/api/", 0), ("GET", "/api/index.php", 0), ("GET", "/api/chat/rooms/", 0),
    ("GET", "/healthz", 0), ("GET", "/ws/chat/1/", 0), ("GET", "/confab.js", 0),
    ("GET", "/style.css", 0), ("GET", "/page.html", 0), ("GET", "/folder", 0),
    ("GET", "/folder/", 0), ("GET", "/folder/file.txt", 0), ("GET", "/chatter", 0),
    ("GET", "/chat.php", 0), ("GET", "/a%2Fb", 0), ("GET", "/old.php", 0),
    ("GET", "/?" + "q" * 7000, 0), ("GET", "/?" + "q" * 9000, 0), ("GET", "/.confab-errors/", 0),
    ("GET", "/.well-known/acme-challenge/x", 0), ("OPTIONS", "/", 0), ("HEAD", "/", 0),
    ("POST", "/index.php", 100), ("POST", "/index.php", 500_000), ("POST", "/api/", 3_000_000),
    ("PUT", "/index.php", 10), ("DELETE", "/x", 0),
]
# Values that differ from one request to the next, or with the time of the file.
VARYING = {"date", "etag", "last-modified"}


def answers(site):
    """What the site answers to each request."""
    base = f"http://127.0.0.1:{site.instance.port}"
    found = {}
    for method, path, size in REQUESTS:
        answer = requests.request(method, base + path, data=b"x" * size or None, timeout=30,
                                  headers={"Host": HOST, "Accept-Encoding": "gzip"},
                                  allow_redirects=False)
        headers = {name.lower(): value.replace(f":{site.instance.port}", "")
                   for name, value in answer.headers.items()}
        found[method, path, size] = (answer.status_code, answer.content, {
            name: value for name, value in headers.items() if name not in VARYING})
    return found


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    return request.param


@pytest.fixture(scope="module")
def before(own_instance, server):
    with PhpSite(own_instance, server, None) as site:
        yield answers(site)


@pytest.fixture(scope="module", params=WAYS)
def site(request, own_instance, server):
    with PhpSite(own_instance, server, request.param) as made:
        yield made


def test_the_site_answers_as_without_confab(site, before):
    assert b"front page" in before["GET", "/", 0][1]
    found = answers(site)
    for asked, answer in before.items():
        assert found[asked] == answer, asked


def test_a_whole_conversation_works(site):
    run_through(site.place)


def test_the_page_and_its_resources_are_served(site, own_instance):
    names = ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
             "Access-Control-Allow-Origin", "Cache-Control"]
    ours = Client(own_instance).get("/").headers
    for path in ("/", "/join/", "/confab.js", "/confab/client.js", "/chat/chat.css", "/icon.svg"):
        answer = Client(site.place).get(path)
        assert answer.status_code == 200, path
        assert [answer.headers.get(name) for name in names] == [ours[name] for name in names]
    assert "<html" in Client(site.place).get("/").text


class TlsSocket(Socket):
    certificate = None

    def __init__(self, address, rcvbuf=None):
        super().__init__(address, rcvbuf)
        context = ssl.create_default_context(cafile=self.certificate)
        self.connection = context.wrap_socket(self.connection, server_hostname="localhost")


def test_sockets_are_passed_on(site):
    alice = Client(site.place).register()
    room = alice.room()["room_id"]
    port, path = site.instance.port, "/chat/ws"
    opener = Socket
    if site.way == "tls":
        opener = type("Here", (TlsSocket,), {"certificate": site.certificate})
        port, path = site.tls_port, "/ws"
    at = type("Place", (), {"port": port})
    with opener.open(at, f"{path}/chat/{room}/", token=alice.token,
                     headers={"Host": f"localhost:{port}"}) as live:
        assert_let_in(live)
        alice.say(room, "hello")
        assert live.next()["message"]["content"] == "hello"


def test_errors_of_the_web_server_are_json(site):
    client = Client(site.place)
    assert_error(client.get("/nothing-here"), 404)
    assert_error(answer_to_a_huge_body(site), 413)


def answer_to_a_huge_body(site):
    """The bytes of the answer to the head of a request whose body is announced only."""
    address = ("127.0.0.1", site.tls_port if site.way == "tls" else site.instance.port)
    base = urllib.parse.urlsplit(site.place.url)
    with socket.create_connection(address, 30) as connection:
        if site.way == "tls":
            context = ssl.create_default_context(cafile=site.certificate)
            connection = context.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(f"POST {base.path}/api/chat/rooms/ HTTP/1.1\r\nHost: {base.netloc}\r\n"
                           "Connection: close\r\nContent-Type: application/json\r\n"
                           "Content-Length: 90000000\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            return stream.read()


def test_links_and_cookies_are_those_of_the_place(site):
    alice = Client(site.place).register()
    link = alice.get("/api/chat/users/?limit=1").json()["next"]
    assert link is None or link.startswith(site.place.url + "/api/chat/users/")
    browser = alice.browser()
    assert browser.get("/api/auth/me/").json()["username"] == alice.name
    secure = {cookie.secure for cookie in browser.cookies}
    assert secure == {site.way == "tls"}


def test_plain_http_is_redirected_to_the_certificate(own_instance, server):
    with PhpSite(own_instance, server, "tls") as site:
        base = f"http://127.0.0.1:{site.instance.port}"
        answer = requests.get(f"{base}/a?b=c", headers={"Host": "localhost"}, timeout=30,
                              allow_redirects=False)
        assert answer.status_code == 301
        assert answer.headers["Location"] == "https://localhost/a?b=c"
        known = requests.get(f"{base}/.well-known/acme-challenge/x", timeout=30,
                             headers={"Host": "localhost"}, allow_redirects=False)
        assert known.status_code == 404


def test_the_path_without_a_slash_leads_to_the_page(own_instance, server):
    with PhpSite(own_instance, server, "path") as site:
        answer = requests.get(f"http://127.0.0.1:{site.instance.port}/chat", timeout=30)
        assert answer.url.endswith("/chat/") and "<html" in answer.text


@pytest.mark.parametrize("name", ["www.example.org", "other.example", "chat.example.org.evil",
                                  "xchat.example.org"])
def test_lighttpd_serves_confab_only_at_its_name(name, fronts):
    """With the shipped pattern, which also has localhost."""
    front = fronts("lighttpd-socket").instance
    assert requests.get(f"{front.url}/healthz", timeout=30).status_code == 200
    other = requests.get(f"{front.url}/healthz", headers={"Host": name}, timeout=30)
    assert other.status_code == 404


# The files that administrators copy; the others go when confab is removed.
OWN = ["own.conf", "confab-site-tls.conf", "confab.conf", "40-confab.conf", "41-confab-tls.conf",
       "40-confab-path.conf"]
CONFIG_TEST = {"apache": ["apache2", "-t", "-f"], "nginx": ["nginx", "-t", "-c"],
               "lighttpd": ["lighttpd", "-tt", "-f"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_web_server_starts_after_confab_has_been_removed(way, own_instance, server):
    site = PhpSite(own_instance, server, way)
    try:
        config = site._configure()[-1]
        removed = [file for file in site.share.rglob("*") if file.is_file()
                   and (file.name not in OWN or file.parts[-2:] == ("apache", "confab.conf"))]
        assert len(removed) > 20
        for file in removed:
            file.unlink()
        done = subprocess.run([*CONFIG_TEST[server], config], capture_output=True, text=True,
                              env={"PATH": PATH}, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        site.close()


# ---- a shared host ----

@pytest.mark.parametrize("kind", ["fcgid", "cgi"])
def test_a_folder_of_a_shared_host_changes_nothing_outside(kind, own_instance):
    with SharedPhpSite(own_instance, kind) as site:
        folder = site.home / "public_html" / "chat"
        away = site.home / "chat"
        folder.rename(away)
        before = answers(site)
        assert b"front page" in before["GET", "/no/such/page?x=1", 0][1]
        away.rename(folder)
        run_through(types.SimpleNamespace(url=f"{site.instance.url}/chat", log=site.said))
        assert answers(site) == before
