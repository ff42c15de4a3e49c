"""fcgi-api as a plain CGI program, and as one FastCGI process spawned by the web server."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import types

import pytest
from support.client import Client, fresh_name
from support.conversation import run_through
from support.instance import children, is_alive, running
from support.leash import leashed
from support.port import free_port
from support.wait import wait_for


@pytest.fixture(scope="module")
def system(make_instance):
    """lighttpd passes no environment to CGI programs, so the settings are in the configuration
    file."""
    made = make_instance(CGI="1")
    made.config.write_text(made.config.read_text() + "password_memory = 8\npassword_passes = 1\n"
                           "rate_registrations = 1000\nredis_timeout = 1000\n")
    return made


@pytest.fixture(autouse=True)
def nothing_counted_yet(system):
    system.sql("DELETE FROM rate")
    system.redis("FLUSHALL")


def at(system, url):
    """This instance at another URL, for a Client."""
    return types.SimpleNamespace(url=url, log=system.log,
                                 program=system.state / "cgi-bin" / "confab.cgi")


@pytest.fixture
def cgi(system):
    return at(system, system.url + "/cgi-bin/confab.cgi")


# ---- plain CGI ----

def test_a_whole_conversation_works_by_plain_cgi(cgi):
    run_through(cgi)


def test_cgi_and_fastcgi_serve_the_same_data(system, cgi):
    anne = Client(cgi).register()
    room = anne.room()["room_id"]
    anne.say(room, "by CGI")
    by_fastcgi = Client(system, anne.token)
    by_fastcgi.say(room, "by FastCGI")
    expected = ["by FastCGI", "by CGI"]
    for client in (anne, by_fastcgi):
        listed = client.get(f"/api/chat/rooms/{room}/messages/").json()["results"]
        assert [message["content"] for message in listed] == expected


def test_a_session_cookie_works_by_cgi(cgi):
    client = Client(cgi).register()
    client.token, token = None, client.token
    answer = client.post("/api/auth/login/", headers={"Authorization": f"Token {token}"})
    assert answer.status_code == 200 and client.cookies["sessionid"]
    assert client.get("/api/auth/me/").json()["username"] == client.name
    assert client.post("/api/chat/rooms/", json={"name": "x"}).status_code == 403


def test_changes_by_cgi_are_published(system, cgi):
    anne = Client(cgi).register()
    room = anne.room()["room_id"]
    with system.subscribe(f"room:{room}") as received:
        message = anne.say(room, "x" * 8000)
        event = received.wait_for(lambda event: event.name == "new_message")
    assert event.json["message"] == message
    assert (event.seq, event.subject_id, event.actor_id) == (1, message["message_id"], anne.id)


def ignores(process, number):
    """True if the process ignores the signal."""
    status = open(f"/proc/{process.pid}/status").read()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return int(ignored.split()[1], 16) >> (number - 1) & 1


def test_a_cgi_program_terminated_by_the_web_server_loses_no_event(system, cgi):
    """lighttpd and Apache send SIGTERM once they have the whole answer or lost the client."""
    anne = Client(cgi).register()
    room = anne.room()["room_id"]
    body = b'{"content": "said"}'
    started = subprocess.Popen(
        [system.state / "cgi-bin" / "confab.cgi"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST",
             "REQUEST_URI": f"/api/chat/rooms/{room}/messages/",
             "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
             "HTTP_AUTHORIZATION": f"Token {anne.token}"})
    with system.subscribe(f"room:{room}") as received, started:
        wait_for(lambda: ignores(started, signal.SIGTERM), 10, "the program to be at work")
        started.terminate()
        answer, _ = started.communicate(body, 30)
        assert started.returncode == 0 and answer.startswith(b"Status: 201 Created\r\n")
        assert received.wait_for().name == "new_message"


def ask_by_open_input(client, method, path, sent=b"", **env):
    """The answer of the program while its standard input stays open, and the input it left
    unread."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(
            [client.instance.program], stdin=theirs, stdout=subprocess.PIPE,
            env={"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method, "REQUEST_URI": path,
                 "HTTP_AUTHORIZATION": f"Token {client.token}", **env}) as started:
        ours.sendall(sent)
        try:
            answer, _ = started.communicate(timeout=30)
        finally:
            started.kill()
        theirs.setblocking(False)
        try:
            return answer, theirs.recv(100)
        except BlockingIOError:
            return answer, b""


def test_no_more_than_content_length_is_read(cgi):
    """RFC 3875, 4.2: the web server need not signal the end of the body."""
    anne = Client(cgi).register()
    body = b'{"name": "A room"}'
    answer, left = ask_by_open_input(anne, "POST", "/api/chat/rooms/", body + b"the next request",
                                     CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(body)))
    assert answer.startswith(b"Status: 201 Created\r\n")
    assert left == b"the next request"


@pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": ""}])
def test_nothing_is_read_without_a_body(cgi, length):
    answer, left = ask_by_open_input(Client(cgi).register(), "GET", "/api/auth/me/", b"?", **length)
    assert answer.startswith(b"Status: 200 OK\r\n")
    assert left == b"?"


def test_requests_by_cgi_are_logged(system, cgi):
    answer = Client(cgi).get("/api/auth/me/")
    log = (system.state / "log" / "web.log").read_text()
    line = next(line for line in log.splitlines() if answer.headers["X-Request-ID"] in line)
    assert "GET api/auth/me 401" in line


def test_a_cgi_process_ends_with_its_request(system, cgi):
    for _ in range(3):
        assert Client(cgi).get("/healthz").json() == {"status": "ok"}
    wait_for(lambda: not running(system.state / "cgi-bin" / "confab.cgi"), 10, "the end of all")


# ---- where the configuration is found ----

def run_cgi(program, **env):
    """Runs the program as a web server does, with an empty environment."""
    done = subprocess.run([program], env={"REQUEST_METHOD": "GET", "REQUEST_URI": "/healthz",
                                          "GATEWAY_INTERFACE": "CGI/1.1", **env},
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return done.stdout.decode(), done.stderr.decode()


def test_the_configuration_is_found_in_the_folder_above_the_program(system):
    out, _ = run_cgi(system.state / "cgi-bin" / "confab.cgi")
    assert out.startswith("Status: 200 OK\r\n") and out.endswith('{"status":"ok"}')


def test_the_environment_names_the_configuration(system, tmp_path):
    program = tmp_path / "cgi-bin" / "renamed.cgi"
    program.parent.mkdir()
    shutil.copy(system.build / "fcgi-api", program)
    out, _ = run_cgi(program, CONFAB_CONFIG=str(system.config))
    assert out.startswith("Status: 200 OK\r\n")


def test_an_invalid_configuration_is_an_error_without_details(system, cgi):
    before = system.config.read_text()
    client = Client(cgi)
    client.may_fail = True
    try:
        system.config.write_text(before + "database_pasword = hidden-there\n")
        answer = client.get("/healthz")
    finally:
        system.config.write_text(before)
    assert answer.status_code >= 500
    assert "hidden-there" not in answer.text and str(system.state) not in answer.text


def test_a_query_without_an_equals_sign_is_not_a_command_line(cgi):
    """RFC 3875, 4.4: a web server may pass the query as arguments."""
    assert Client(cgi).get("/healthz?--version").json() == {"status": "ok"}


# ---- without Redis ----

@contextlib.contextmanager
def without_redis(system, *lines):
    """Changes the configuration for CGI; the FastCGI workers are not reloaded. The lines replace
    existing ones with the same keys."""
    before = system.config.read_text()
    replaced = ["redis_socket", *(line.split(" ")[0] for line in lines)]
    kept = [line for line in before.splitlines() if line.split(" ")[0] not in replaced]
    try:
        system.config.write_text("\n".join([*kept, *lines, ""]))
        yield
    finally:
        system.config.write_text(before)


def test_a_whole_conversation_works_by_cgi_without_redis(system, cgi):
    with without_redis(system):
        run_through(cgi)


def test_logins_by_cgi_are_limited_in_the_database_without_redis(system, cgi):
    victim, other = Client(cgi).register(), Client(cgi).register()
    wrong = {"username": victim.name, "password": "not the password"}
    system.sql("DELETE FROM rate")
    with without_redis(system):
        for _ in range(10):
            assert victim.post("/api/auth/token/", json=wrong).status_code == 400
        refused = victim.post("/api/auth/token/", json=wrong)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 6
        assert list(refused.json()) == ["detail", "code"]
        assert system.sql("SELECT COUNT(*) FROM rate") == [(2,)]
        assert other.post("/api/auth/token/", json={
            "username": other.name, "password": other.password}).status_code == 200
    assert "login" not in system.redis("KEYS", "*")


def test_registrations_by_cgi_are_limited_in_the_database_without_redis(system, cgi):
    # An address of its own: the host has counted the registrations of the other tests.
    with without_redis(system, "rate_registrations = 2\ntrusted_proxies = 127.0.0.1"):
        statuses = [Client(cgi).post("/api/auth/register/", headers={"X-Forwarded-For": "192.0.2.9"},
                                     json={"username": fresh_name(), "password": "correct horse"},
                                     ).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]


def test_logins_by_cgi_are_limited_in_the_database_when_redis_is_down(system, cgi):
    victim = Client(cgi).register()
    wrong = {"username": victim.name, "password": "not the password"}
    with without_redis(system, "redis_socket = /nowhere/redis.sock"):
        statuses = [victim.post("/api/auth/token/", json=wrong).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


# ---- one FastCGI process, spawned by the web server ----

LIGHTTPD = """
server.modules = ( "mod_fastcgi" )
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.upload-dirs = ( "{folder}" )
server.errorlog = "{folder}/error.log"
fastcgi.server = ( "/" => (( "socket" => "{folder}/fcgi.sock",
                             "bin-path" => "{program} -c {config}",
                             "check-local" => "disable",
                             "fix-root-scriptname" => "enable",
                             "max-procs" => 1 )) )
"""


@pytest.fixture(scope="module")
def spawned(system):
    """A lighttpd that spawns fcgi-api with its socket on descriptor 0, as its manual describes."""
    folder = system.state / "tmp" / "spawned"
    folder.mkdir()
    port = free_port()
    config = folder / "lighttpd.conf"
    # lighttpd splits bin-path at blanks, which the path of the build may have.
    program = folder / "fcgi-api"
    program.symlink_to(system.build / "fcgi-api")
    config.write_text(LIGHTTPD.format(folder=folder, port=port, config=system.config,
                                      program=program))
    path = os.environ["PATH"] + ":/usr/sbin"
    process = subprocess.Popen(leashed([shutil.which("lighttpd", path=path), "-D", "-f", config]),
                               env=system.env, stdin=subprocess.DEVNULL)
    place = at(system, f"http://127.0.0.1:{port}")
    place.pid = process.pid
    wait_for(lambda: answers(place), 20, "the web server")
    yield place
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def answers(place):
    with contextlib.suppress(OSError):
        return Client(place).get("/healthz").status_code == 200


def test_a_whole_conversation_works_with_a_process_spawned_by_lighttpd(spawned):
    run_through(spawned)


def test_the_process_spawned_by_lighttpd_stays_and_forks_no_workers(system, spawned):
    started = fastcgi_processes(system, spawned)
    assert len(started) == 1
    for _ in range(5):
        assert Client(spawned).get("/healthz").status_code == 200
    assert fastcgi_processes(system, spawned) == started


def test_the_process_spawned_by_lighttpd_ends_by_sigterm_and_is_replaced(
        system, spawned):
    first, = fastcgi_processes(system, spawned)
    os.kill(first, signal.SIGTERM)
    wait_for(lambda: not is_alive(first), 20, "the end of the process")
    wait_for(lambda: answers(spawned), 20, "an answer of its successor")
    assert fastcgi_processes(system, spawned) != [first]


def fastcgi_processes(system, spawned):
    """The child processes of that lighttpd."""
    return [pid for pid in children(spawned.pid) if is_alive(pid)
            and os.readlink(f"/proc/{pid}/exe") == str(system.build / "fcgi-api")]
