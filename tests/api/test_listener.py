"""The parent of fcgi-api and its listening socket: creating, keeping and removing it."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import threading

import pytest
from support import fastcgi
from support.client import Client
from support.instance import children, is_alive
from support.leash import leashed
from support.port import free_port, leave_a_dead_socket
from support.wait import wait_for

pytestmark = pytest.mark.slow("restarts fcgi-api")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(CONFAB_PROCESSES=4)


@pytest.fixture
def folder(system, request):
    """A folder for sockets; short, because socket paths are limited."""
    made = system.state / "tmp" / str(abs(hash(request.node.name)) % 10 ** 6)
    made.mkdir()
    return made


def launch(system, command=None, **options):
    """Starts a second fcgi-api on the same database."""
    options.setdefault("env", system.env)
    return subprocess.Popen(leashed(command or [system.build / "fcgi-api", "-c", system.config]),
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


def refusal(system, **env):
    """The error output of a start that fails with status 1."""
    process = launch(system, env={**system.env, **env})
    try:
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 1
    return said


@contextlib.contextmanager
def parent(system, listen, **env):
    """The same on a separate listen address, ended by SIGTERM."""
    process = launch(system, env={**system.env, "CONFAB_FCGI_LISTEN": str(listen), **env})
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def health(system, path):
    return fastcgi.call(path, system.fcgi_params("/healthz"), b"")[0]


def listens(system, path):
    with contextlib.suppress(OSError):
        return health(system, path) == 200


# ---- ending ----

def test_sigterm_to_the_parent_ends_all_processes_and_removes_the_socket(system, folder):
    path = folder / "s"
    with parent(system, path) as process:
        wait_for(lambda: listens(system, path) and len(children(process.pid)) == 4)
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert not any(is_alive(pid) for pid in workers)
    assert not path.exists()


def test_a_socket_that_another_process_has_replaced_is_not_removed(system, folder):
    path = folder / "s"
    with parent(system, path) as process:
        wait_for(lambda: listens(system, path))
        path.unlink()
        with parent(system, path) as other:
            wait_for(lambda: listens(system, path))
            process.terminate()
            process.communicate(timeout=30)
            assert listens(system, path)
            other.terminate()
            other.communicate(timeout=30)
    assert not path.exists()


def test_sigint_ends_the_parent_like_sigterm(system, folder):
    path = folder / "s"
    with parent(system, path) as process:
        wait_for(lambda: listens(system, path))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0 and not path.exists()


def test_workers_end_when_their_parent_is_killed(system, folder):
    path = folder / "s"
    with parent(system, path) as process:
        wait_for(lambda: listens(system, path) and len(children(process.pid)) == 4)
        workers = children(process.pid)
        process.kill()
        process.wait(10)
        wait_for(lambda: not any(is_alive(pid) for pid in workers), 10, "the end of the processes")


def test_a_request_without_fcgi_api_is_503_in_json_with_retry_after(make_instance):
    own = make_instance()
    client = Client(own)
    client.may_fail = True
    own.end("api")
    assert not (own.state / "sock" / "fcgi.sock").exists()
    answer = client.get("/api/auth/me/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json()) == ["detail", "code"]
    own.start()
    assert client.get("/api/auth/me/").status_code == 401


# ---- the listen address ----

def test_a_second_parent_on_the_same_socket_is_refused_without_harm(system):
    path = system.state / "sock" / "fcgi.sock"
    assert f"cannot listen on {path}: Address already in use" in refusal(system)
    assert Client(system).get("/healthz").status_code == 200


def test_a_stale_socket_is_replaced(system, folder):
    path = folder / "s"
    leave_a_dead_socket(path)
    with parent(system, path):
        wait_for(lambda: listens(system, path))


def test_concurrent_parents_do_not_take_the_socket_from_each_other(system, folder):
    for number in range(5):
        path = folder / str(number)
        leave_a_dead_socket(path)
        started = [launch(system, env={**system.env, "CONFAB_FCGI_LISTEN": str(path)})
                   for _ in range(2)]
        try:
            wait_for(lambda: listens(system, path))
            wait_for(lambda: any(process.poll() is not None for process in started), 10,
                     "the end of one of the two")
            assert [process.poll() for process in started].count(1) == 1
            assert health(system, path) == 200
        finally:
            for process in started:
                process.terminate()
                process.communicate(timeout=30)


def test_a_file_that_is_not_a_socket_is_kept_and_listening_fails(system, folder):
    path = folder / "precious"
    path.write_text("words")
    said = refusal(system, CONFAB_FCGI_LISTEN=str(path))
    assert f"cannot listen on {path}: File exists" in said
    assert path.read_text() == "words"


def test_the_socket_is_not_accessible_to_other_users(system):
    mode = (system.state / "sock" / "fcgi.sock").stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


@pytest.mark.parametrize("listen, reason", [
    ("", "fcgi_listen is not set"),
    ("/nowhere/at/all/fcgi.sock", "No such file or directory"),
    ("/tmp/" + "x" * 120, "File name too long"),
    ("localhost:99999999", "is not host:port with a port from 1 to 65535"),
    ("localhost:http", "is not host:port with a port from 1 to 65535"),
    ("no.such.host.invalid:9000", "cannot listen on no.such.host.invalid:9000"),
])
def test_an_unusable_listen_address_is_reported_with_the_reason(system, listen, reason):
    assert reason in refusal(system, CONFAB_FCGI_LISTEN=listen)


def test_fcgi_api_can_listen_on_a_tcp_port(system):
    port = free_port()
    with parent(system, f"127.0.0.1:{port}"):
        def answers():
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", port), 10) as connection:
                    connection.sendall(fastcgi.encode(system.fcgi_params("/healthz"), b""))
                    return b"Status: 200" in connection.recv(65536)
        wait_for(answers)


def test_fcgi_api_uses_the_socket_passed_by_systemd(system, folder):
    """As in sd_listen_fds(3): descriptor 3, and two environment variables."""
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(100)
        script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -c "$1"'
        process = launch(system, ["sh", "-c", script, system.build / "fcgi-api", system.config],
                         pass_fds=[3], preexec_fn=lambda: os.dup2(listening.fileno(), 3))
        try:
            wait_for(lambda: len(children(process.pid)) == 4)
            assert health(system, path) == 200
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert path.exists(), "it is systemd's"


# ---- startup ----

def test_requests_are_503_until_the_database_is_available(system, folder):
    path = folder / "s"
    with parent(system, path, CONFAB_DATABASE_SOCKET="/nowhere/db.sock") as process:
        answer = wait_for(lambda: called(system, path))
        assert answer[0] == 503
        assert process.poll() is None


def called(system, path):
    with contextlib.suppress(OSError):
        return fastcgi.call(path, system.fcgi_params("/healthz"), b"")


def test_a_schema_of_a_newer_confab_is_refused(system, folder):
    system.sql("INSERT INTO schema_migration (version, name, applied_at) "
               "VALUES (9999, 'of the future', SYSDATE(6))")
    try:
        said = refusal(system, CONFAB_FCGI_LISTEN=str(folder / "s"))
    finally:
        system.sql("DELETE FROM schema_migration WHERE version = 9999")
    assert "the database has schema 9999" in said and "newer confab" in said


def test_a_schema_without_a_migration_is_refused_with_the_remedy(system, folder):
    system.sql("CREATE DATABASE empty CHARACTER SET utf8mb4")
    said = refusal(system, CONFAB_FCGI_LISTEN=str(folder / "s"), CONFAB_DATABASE_NAME="empty")
    system.sql("DROP DATABASE empty")
    assert "confabctl migrate" in said


def test_a_worker_that_keeps_dying_is_restarted_with_backoff(system, folder):
    """Workers are killed as soon as they start: the delays grow, and the parent stays."""
    path = folder / "s"
    with parent(system, path, CONFAB_PROCESSES="1") as process:
        wait_for(lambda: listens(system, path))
        ended = threading.Event()
        killed = []

        def kill_all():
            while not ended.wait(0.005):
                for pid in children(process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

        killer = threading.Thread(target=kill_all)
        killer.start()
        wait_for(lambda: len(set(killed)) >= 4, 30)
        ended.set()
        killer.join()
        assert len(set(killed)) < 20
        wait_for(lambda: listens(system, path), 30, "an answer after all")
        assert process.poll() is None
