"""Hooks do not reach private networks: addresses that are not public are refused after they were
resolved, and at each connection."""

import subprocess
from pathlib import Path

import pytest

from support.client import Client
from support.hooks import Hook, Worker
from support.instance import ROOT
from support.receiver import REDIRECT, Receiver
from support.wait import wait_for

pytestmark = pytest.mark.slow("workers of its own")

NOT_PUBLIC = "the address is not public"


@pytest.fixture(scope="module")
def system(make_instance):
    """An instance whose workers a test starts."""
    return make_instance()


@pytest.fixture(scope="module")
def owner(system):
    return Client(system).register()


@pytest.fixture
def try_hook(system, owner):
    """try_hook(url, **env): posts a message with one hook, runs a worker; returns the row of the
    list of hooks."""
    added = []

    def try_it(url, **env):
        hook = Hook(system, "tried", url)
        added.append(hook)
        owner.post(f"/api/chat/rooms/{owner.room()['room_id']}/messages/", json={"content": "x"})
        run(system, **env)
        return hook.state()

    yield try_it
    for hook in added:
        hook.remove()


def run(system, **env):
    with Worker(system, "--once", **env) as worker:
        assert worker.process.wait(60) == 0, worker.log


PRIVATE = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "0", "[::1]", "[::]",
           "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.255.255.254", "0177.0.0.1", "0x7f.1",
           "017700000001", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.000.000.001",
           "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2001:0:7f00:1::]",
           "[fec0::1]", "[ff02::1]"]


def test_private_addresses_are_refused(system, owner, receiver):
    hooks = [Hook(system, host, f"http://{host}:{receiver.port}/") for host in PRIVATE]
    try:
        owner.post(f"/api/chat/rooms/{owner.room()['room_id']}/messages/", json={"content": "x"})
        run(system)
        failures = {hook.name: hook.state()["failure"] for hook in hooks}
        assert [host for host in PRIVATE if NOT_PUBLIC not in (failures[host] or "")] == []
        assert receiver.deliveries == []
    finally:
        for hook in hooks:
            hook.remove()


def test_it_is_served_with_hook_private(try_hook, receiver):
    state = try_hook(receiver.url(), CONFAB_HOOK_PRIVATE="on")
    assert state["delivered_count"] == 1 and len(receiver.deliveries) == 1


def test_a_redirect_to_a_private_address_is_not_followed(try_hook, receiver):
    with Receiver() as inner:
        receiver.answer = lambda delivery: REDIRECT
        receiver.location = inner.url()
        state = try_hook(receiver.url(), CONFAB_HOOK_PRIVATE="on")
        assert "redirects are not followed" in state["failure"]
        assert inner.deliveries == []


def test_a_proxy_of_the_environment_is_not_used(try_hook, receiver):
    with Receiver() as proxy:
        try_hook(receiver.url(), CONFAB_HOOK_PRIVATE="on", http_proxy=proxy.url(),
                 HTTP_PROXY=proxy.url(), ALL_PROXY=proxy.url())
        assert proxy.deliveries == [] and len(receiver.deliveries) == 1


# ---- a resolver whose answer changes ----

@pytest.fixture(scope="module")
def preloaded(tmp_path_factory):
    library = tmp_path_factory.mktemp("resolver") / "resolver.so"
    source = ROOT / "tests" / "api" / "support" / "resolver.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", str(library), str(source),
                    "-ldl"], check=True, timeout=60)
    return str(library)


@pytest.fixture
def resolver(preloaded, tmp_path):
    """resolver(line, ...): the environment of a program that is given these answers in turn."""
    answers = Path(tmp_path) / "answers"

    def make(*lines):
        answers.write_text("0\n" + "".join(f"{line}\n" for line in lines))
        return {"LD_PRELOAD": preloaded, "RESOLVER_ANSWERS": str(answers)}

    make.used = lambda: int(answers.read_text().split("\n")[0])
    return make


@pytest.mark.unsanitized("preloads a library")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1",
                                     "::ffff:127.0.0.1", "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::1",
                                     "224.0.0.1", "100.64.0.1", "0.0.0.0"])
def test_a_name_of_a_private_address_is_refused(try_hook, receiver, resolver, address):
    state = try_hook(receiver.url(host="hook.test"), **resolver(address))
    assert state["failure"].startswith(NOT_PUBLIC), state
    assert receiver.deliveries == []


@pytest.mark.unsanitized("preloads a library")
def test_a_public_one_of_several_addresses_is_used(try_hook, receiver, resolver):
    state = try_hook(receiver.url(host="hook.test"), **resolver("10.0.0.1 8.8.8.8"))
    assert state["delivered_count"] == 1, state
    assert len(receiver.deliveries) == 1


@pytest.mark.unsanitized("preloads a library")
def test_a_name_that_changes_to_a_private_address_is_refused_then(system, owner, receiver, resolver):
    hook = Hook(system, "rebound", receiver.url(host="hook.test"))
    env = resolver("8.8.8.8", "127.0.0.1", "8.8.8.8")
    try:
        room = owner.room()["room_id"]
        for turn, expected in enumerate([1, 1, 3]):
            owner.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
            hook.try_again()
            run(system, **env)
            assert len(receiver.deliveries) == expected
            assert hook.state()["failing_rooms"] == (turn == 1)
        assert resolver.used() == 3
    finally:
        hook.remove()


@pytest.mark.slow("waits for a time limit")
@pytest.mark.unsanitized("preloads a library")
def test_a_name_server_that_does_not_answer_holds_up_no_other_hook(
        system, owner, receiver, resolver):
    hung, other = Hook(system, "hung", "http://hook.test/"), Hook(system, "other", receiver.url())
    room = owner.room()["room_id"]
    try:
        with Worker(system, CONFAB_HOOK_PRIVATE="on", **resolver("hang")) as worker:
            worker.started()
            owner.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
            wait_for(lambda: hung.state()["failed_count"] == 1, 60)
            owner.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
            wait_for(lambda: other.state()["lag_events"] == 0
                     and other.state()["delivered_count"] == 2)
            assert worker.end() == 0
    finally:
        hung.remove()
        other.remove()


@pytest.mark.unsanitized("preloads a library")
def test_a_connection_that_is_kept_leads_to_the_address_that_was_checked(
        system, owner, receiver, resolver):
    """The second answer is private; the worker either keeps the connection to the public one, or
    refuses a new one."""
    hook = Hook(system, "kept", receiver.url(host="hook.test"))
    room = owner.room()["room_id"]
    try:
        with Worker(system, **resolver("8.8.8.8", "127.0.0.1")) as worker:
            worker.started()
            for turn in range(2):
                owner.post(f"/api/chat/rooms/{room}/messages/", json={"content": "x"})
                wait_for(lambda: hook.state()["delivered_count"] == turn + 1)
        assert resolver.used() == 1
    finally:
        hook.remove()
