"""The clients of the bench: they must not take for complete what is not."""

import json
import subprocess

import pytest
from support.build import build_folder
from support.instance import ROOT
from support.pushd_metrics import metric
from support.wait import wait_for
from support.websocket import push_port

pytestmark = pytest.mark.slow("builds a program of the bench")


@pytest.fixture(scope="module")
def program():
    path = build_folder().resolve() / "bench" / "crowd"
    mode = path.parts[-3]
    subprocess.run(["make", "-s", f"MODE={mode}", path.relative_to(ROOT)], cwd=ROOT, check=True)
    return path


class Crowd:
    """bench/load/ with the sockets of these users to a room."""

    def __init__(self, program, instance, room, users, file):
        seq = users[0].get(f"/api/chat/rooms/{room}/").json()["last_seq"]
        file.write_text("".join(f"{room} {seq} /ws/chat/{room}/ {user.token}\n" for user in users))
        self.process = subprocess.Popen(
            [program, str(push_port(instance)), file, f"{instance.state}/sock/redis.sock",
             "confab:"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)

    def ask(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance()


@pytest.fixture
def crowd(program, system, alice, bob, room, tmp_path):
    with Crowd(program, system, room, [alice, bob], tmp_path / "members") as made:
        assert made.ask("open 2")["live"] == 2
        yield made


def wrong(figures):
    return {name: figures[name] for name in ("lost", "missed", "repeated", "waiting")
            if figures[name]}


def test_each_socket_receives_each_message_once(crowd):
    figures = crowd.ask("pace 0.2 50")
    assert (figures["count"], wrong(figures)) == (20, {})


def test_a_socket_that_is_closed_between_two_commands_is_lost(crowd, system, bob):
    bob.delete("/api/auth/token/")
    wait_for(lambda: metric(system, "sockets", kind="room") == 1, 20)
    assert wrong(crowd.ask("pace 0.02 50")) == {"lost": 1}
    assert wrong(crowd.ask("pace 0.02 50")) == {}


def test_a_message_that_redis_did_not_pass_on_is_waited_for(crowd, system):
    system.redis("CLIENT", "KILL", "TYPE", "pubsub")
    figures = crowd.ask("pace 0.02 50")
    assert (figures["count"], wrong(figures)) == (0, {"waiting": 2})
