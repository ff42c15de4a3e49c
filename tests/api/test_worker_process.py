"""confab-worker as a process: started with an instance, its metrics, the doctor, keys that it fetches,
housekeeping, reloads."""

import json
import re
import signal

import pytest
import requests

from support.client import Client
from support.hooks import Hook, Worker
from support.instance_script import script
from support.receiver import Receiver
from support.systemd import ServiceManager
from support.wait import wait_for

pytestmark = pytest.mark.slow("workers of its own")


@pytest.fixture(scope="module")
def system(make_instance):
    return make_instance(WORKER=1, CONFAB_HOOK_PRIVATE="on")


@pytest.fixture
def owner(system):
    return Client(system).register()


def metrics(system, path="/metrics"):
    port = int((system.state / "run" / "worker.ports").read_text().removeprefix("worker="))
    return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)


def post(owner):
    owner.post(f"/api/chat/rooms/{owner.room()['room_id']}/messages/", json={"content": "x"})


def test_an_instance_has_a_worker(system):
    status = script(system, "status")
    assert status.returncode == 0 and re.search(r"^  worker +running", status.stdout, re.M)
    assert system.sql("SELECT COUNT(*) FROM worker") == [(1,)]
    assert metrics(system, "/healthz").json() == {"status": "ok", "database": "ok"}
    assert metrics(system, "/x").status_code == 404


def test_metrics_have_the_lag_and_the_deliveries_of_each_hook(system, owner):
    with Receiver(lambda delivery: 500) as receiver:
        hook = Hook(system, 'a "name"', receiver.url())
        try:
            post(owner)
            receiver.wait_for_deliveries(1)
            labels = f'{{follower="{hook.id}",kind="hook",name="a \\"name\\""'
            wait_for(lambda: f"confab_hook_failing_rooms{labels}}} 1" in metrics(system).text)
            text = metrics(system).text
            assert f"confab_follower_lag_events{labels}}} 1" in text
            assert re.search(rf"^confab_follower_lag_seconds{re.escape(labels)}}} \d+$", text, re.M)
            assert f'confab_hook_deliveries_total{labels},result="failed"}} 1' in text
            assert "confab_worker_processes 1" in text
            receiver.answer = lambda delivery: 200
            hook.try_again()
            wait_for(lambda: f'{labels},result="delivered"}} 1' in metrics(system).text)
            assert f"confab_follower_lag_events{labels}}} 0" in metrics(system).text
        finally:
            hook.remove()


def doctor(system):
    done = system.confabctl("--json", "doctor", system.url, "--no-sockets")
    [check] = [one for one in json.loads(done.stdout)["checks"] if one["check"] == "worker"]
    return check


@pytest.mark.slow("starts workers and receivers")
def test_the_doctor_reports_the_worker_and_failing_hooks(system, owner):
    assert "running; 0 hooks" in doctor(system)["detail"]
    with Receiver(lambda delivery: 500) as receiver:
        hook = Hook(system, "ill", receiver.url())
        try:
            post(owner)
            receiver.wait_for_deliveries(1)
            wait_for(lambda: "failing: 1 of 1 hook ('ill')" in doctor(system)["detail"])
            system.end("worker", signal.SIGKILL)
            system.sql("UPDATE housekeeping SET ran_at = ran_at - INTERVAL 1 HOUR "
                       "WHERE task = 'follow'")
            wait_for(lambda: "does not run" in doctor(system)["detail"], 60)
            assert "confab-worker --ensure" in str(doctor(system))
        finally:
            system.start()
            hook.remove()


def test_a_failure_is_logged_without_the_address(system, owner):
    with Receiver(lambda delivery: 500) as receiver:
        hook = Hook(system, "logged", receiver.url("/a-secret-path"))
        try:
            post(owner)
            receiver.wait_for_deliveries(1)
            log = system.state / "log" / "worker.log"
            wait_for(lambda: f"hook {hook.id}: delivery" in log.read_text())
            assert "status 500" in log.read_text() and "a-secret-path" not in log.read_text()
        finally:
            hook.remove()


def test_a_reload_applies_hook_private(system, owner):
    with Receiver() as receiver, Worker(system, CONFAB_HOOK_PRIVATE="on") as worker:
        system.end("worker")
        try:
            worker.started()
            hook = Hook(system, "reloaded", receiver.url())
            worker.send(signal.SIGHUP)
            wait_for(lambda: "configuration reloaded" in worker.log)
            post(owner)
            receiver.wait_for_deliveries(1)
            hook.remove()
        finally:
            system.start()


def test_the_service_manager_is_notified_when_it_is_ready(system):
    command = [system.build / "confab-worker", "-c", system.config]
    with ServiceManager(command, {**system.env, "CONFAB_WORKER_LISTEN": ""}) as manager:
        manager.wait_for("READY=1")
        manager.process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        assert manager.process.wait(60) == 0


# ---- keys ----

JWKS = {"keys": [{"kty": "OKP", "kid": "a", "crv": "Ed25519",
                  "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}


class KeyServer(Receiver):
    """Serves a body to GET."""

    body = json.dumps(JWKS)

    async def _serve_one(self, reader, writer):
        self.deliveries.append((await reader.readuntil(b"\r\n\r\n")).decode())
        body = self.body.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        return True


def stored(system, url):
    return system.sql("SELECT body, failure FROM jwks WHERE url = ?", url)


def test_the_keys_of_jwks_url_are_fetched_and_kept(system):
    with KeyServer() as server:
        url = server.url("/jwks.json")
        with Worker(system, CONFAB_JWKS_URL=url) as worker:
            wait_for(lambda: stored(system, url) == [(server.body, None)])
            assert server.deliveries[0].startswith("GET /jwks.json ")
            # A page of an error does not replace them.
            server.body = "<html>"
            system.sql("UPDATE jwks SET tried_at = tried_at - INTERVAL 61 SECOND, "
                       "wanted_at = SYSDATE(6)")
            wait_for(lambda: "jwks_url cannot be used" in worker.log)
            [(body, failure)] = wait_for(lambda: stored(system, url)[0][1] and stored(system, url))
            assert json.loads(body) == JWKS and "not valid" in failure
            assert len(server.deliveries) == 2


def test_a_key_that_is_wanted_is_fetched_once_a_minute(system):
    with KeyServer() as server:
        url = server.url("/wanted.json")
        with Worker(system, CONFAB_JWKS_URL=url):
            wait_for(lambda: stored(system, url) == [(server.body, None)])
            system.sql("UPDATE jwks SET wanted_at = SYSDATE(6) WHERE url = ?", url)
            count = system.sql("SELECT COUNT(*) FROM jwks WHERE tried_at < wanted_at "
                               "AND url = ?", url)
            assert count == [(1,)] and len(server.deliveries) == 1
            system.sql("UPDATE jwks SET tried_at = tried_at - INTERVAL 61 SECOND WHERE url = ?",
                       url)
            wait_for(lambda: len(server.deliveries) == 2)


# ---- housekeeping ----

def test_the_worker_does_the_housekeeping(system, owner):
    system.sql("UPDATE housekeeping SET ran_at = '2000-01-01' WHERE task = 'purge'")
    post(owner)
    system.sql("UPDATE event SET created_at = created_at - INTERVAL 31 DAY")
    with Worker(system, "--once") as worker:
        assert worker.process.wait(60) == 0, worker.log
        assert "housekeeping: deleted" in worker.log
