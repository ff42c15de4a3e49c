"""A new pushd takes over from the old one while people chat, at the port and at the path of the
Unix socket."""

import threading

import pytest

from support.live import Listener
from support.pushd import Pushd
from support.sockets import ROOM
from support.wait import wait_for
from support.websocket import Closed, Socket

FOLLOWERS = 12


class Follower(threading.Thread):
    """Reads the room over a socket at this port or path, and comes back with `since` whenever
    that ends, until it has the event with the number `last`. seen: the numbers, as they came."""

    def __init__(self, client, room, place):
        super().__init__(daemon=True)
        self._client, self._room, self._place = client, room, place
        self.last = None
        self.seen, self.codes = [], []
        self.refused = 0  # there was nobody
        self.failure = None

    def run(self):
        try:
            while self.last is None or self._seq < self.last:
                self._follow()
        except BaseException as failure:
            self.failure = failure

    @property
    def _seq(self):
        return self.seen[-1] if self.seen else 0

    def _follow(self):
        path = f"{ROOM.format(self._room)}?since={self._seq}"
        try:
            with Listener(Socket.open(self._client.instance, path, token=self._client.token,
                                      direct=self._place)) as live:
                assert live.seq == self._seq
                while self.last is None or self._seq < self.last:
                    self.seen.append(live.event(60)["seq"])
        except Closed as closed:
            self.codes.append(closed.code)
        except (ConnectionRefusedError, FileNotFoundError):
            self.refused += 1
        except ConnectionError:
            pass  # cut while the old one stopped listening


@pytest.mark.parametrize("way", ["port", "path"])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_upgrade_under_load_brings_every_event_once_and_refuses_nobody(
        instance, user, workers, way):
    alice = user()
    room = alice.room()["room_id"]
    path = str(instance.state / "tmp" / f"upgrade{workers}")
    stop = threading.Event()

    def write():
        # Not faster, lest somebody who is slow to come back has missed more than is replayed.
        while not stop.wait(0.01):
            alice.say(room)

    options = {"push_workers": workers, "drain_time": 1, "push_socket": path}
    with Pushd(instance, **options) as old:
        push, metrics = old.ports()
        place = push if way == "port" else path
        followers = [Follower(alice, room, place) for _ in range(FOLLOWERS)]
        writer = threading.Thread(target=write, daemon=True)
        for thread in [*followers, writer]:
            thread.start()
        wait_for(lambda: all(len(one.seen) > 20 for one in followers), 60, "events for all")
        with Pushd(instance, arguments=["--take-over", str(old.process.pid)],
                   push_listen=f"127.0.0.1:{push}", metrics_listen=f"127.0.0.1:{metrics}",
                   **options) as new:
            assert new.ports() == (push, metrics)
            assert old.end() == 0
            before = [len(one.seen) for one in followers]
            wait_for(lambda: all(len(one.seen) > many + 20
                                 for one, many in zip(followers, before)), 60, "more events")
            stop.set()
            writer.join(30)
            last = alice.get(f"/api/chat/rooms/{room}/events/?limit=1").json()["last_seq"] + 1
            for one in followers:
                one.last = last
            alice.say(room, "the last")
            for one in followers:
                one.join(60)
            assert f"takes over from process {old.process.pid}" in new.log()
    for one in followers:
        assert one.failure is None and not one.is_alive()
        assert one.seen == list(range(1, last + 1))
        assert one.codes and set(one.codes) <= {1012, None}
        assert one.refused == 0


def test_a_predecessor_that_is_gone_is_said_and_no_hindrance(instance):
    with Pushd(instance) as old:
        pid = old.process.pid
    with Pushd(instance, arguments=["--take-over", str(pid)]) as new:
        assert f"cannot take over from process {pid}" in new.log()
        wait_for(lambda: new.get("/healthz").status_code == 200, 30, "its health")


@pytest.mark.parametrize("pid", ["0", "-1", "x", "4294967296"])
def test_what_is_no_process_is_refused(instance, pid):
    assert Pushd(instance, arguments=["--take-over", pid]).launch().end() == 2
