"""The health and metrics endpoints of pushd."""
import contextlib
import os
import signal
import socket

import pytest

from support.metrics import complaints, parse, value
from support.pushd import ask
from support.sockets import in_room, notified
from support.wait import wait_for
from support.websocket import PING, PONG, push_port

# All metrics and their types. Alerts depend on the names.
METRICS = {
    "workers": "gauge", "pushd_info": "gauge", "file_limit": "gauge",
    "sockets": "gauge", "connections_total": "counter", "refusals_total": "counter",
    "abnormal_closes_total": "counter", "handshakes_total": "counter",
    "deliveries_total": "counter",
    "delivered_bytes_total": "counter", "send_queue_bytes": "gauge", "frames_in_total": "counter",
    "pongs_total": "counter", "bad_frames_total": "counter", "rate_limited_total": "counter",
    "drops_total": "counter",
    "streams": "gauge", "subscribers": "gauge", "replays_total": "counter",
    "replayed_events_total": "counter", "resyncs_total": "counter",
    "gaps_filled_total": "counter", "gap_checks_total": "counter",
    "gap_check_events_total": "counter",
    "redis_up": "gauge", "redis_events_total": "counter", "redis_malformed_total": "counter",
    "redis_reconnects_total": "counter", "redis_subscriptions": "gauge",
    "redis_latency_seconds": "gauge", "database_up": "gauge", "database_errors_total": "counter",
    "database_latency_seconds": "gauge", "loop_lag_seconds": "gauge",
    "loop_lag_max_seconds": "gauge", "slow_callbacks_total": "counter",
    "resident_memory_bytes": "gauge"}
REASONS = {"auth", "forbidden", "not_found", "bad_since", "slow", "flood", "too_big", "drain",
           "dead", "limit", "protocol", "unavailable"}
REFUSALS = {"plain_http", "path", "malformed", "origin", "full", "address_limit", "failures",
            "handshake_limit", "incomplete"}


def figures(pushd):
    answer = pushd.get("/metrics")
    assert answer.status_code == 200
    return parse(answer.text)


def wait_for_metric(pushd, expected, name, **labels):
    wait_for(lambda: value(figures(pushd), f"confab_{name}", **labels) == expected, 10,
             f"{name} {labels} = {expected}")


# ---- health ----

def test_healthz_is_ok_on_a_healthy_instance(instance):
    answer = ask(push_port(instance, "metrics"), "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_health_and_metrics_are_served_on_loopback_only(instance):
    port = push_port(instance, "metrics")
    with open("/proc/net/tcp", encoding="ascii") as table:
        local = [line.split()[1] for line in table]
    assert [address for address in local if address.endswith(f":{port:04X}")
            and not address.startswith("0100007F")] == []


def test_health_and_metrics_are_not_served_by_the_web_server(anonymous):
    assert anonymous.get("/metrics").status_code == 404


def test_another_path_is_404(pushd):
    for path in ("/", "/metric", "/metricss", "/healthz2", "/x/metrics"):
        assert pushd.get(path).status_code == 404


def test_metrics_accept_a_query_and_refuse_large_headers(pushd):
    assert pushd.get("/metrics?x=1").status_code == 200
    assert pushd.get("/metrics", headers={"X-Long": "x" * 9000}).status_code == 431


@pytest.mark.slow("waits for a timeout of 10 seconds")
def test_a_connection_without_a_request_is_closed(instance):
    """After 10 seconds, so that it does not hold a file descriptor forever."""
    address = ("127.0.0.1", push_port(instance, "metrics"))
    with socket.create_connection(address, 30) as silent, \
            socket.create_connection(address, 30) as half:
        half.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert silent.recv(1) == b""
        assert half.recv(1) == b""


@pytest.mark.slow("waits for Redis reconnects with backoff")
def test_healthz_names_redis_while_it_is_down_and_is_ok_afterwards(make_instance):
    system = make_instance()
    port = push_port(system, "metrics")

    def health():
        answer = ask(port, "/healthz")
        return answer.status_code, answer.json()

    def all_well():
        return health() == (200, {"status": "ok"})

    wait_for(all_well, 15)
    system.end("redis", signal.SIGKILL)
    wait_for(lambda: health() == (200, {"status": "degraded", "database": "ok",
                                        "redis": "unreachable"}), 15)
    assert value(parse(ask(port, "/metrics").text), "confab_redis_up") == 0
    system.start()
    wait_for(all_well, 30)
    system.end("database", signal.SIGKILL)
    wait_for(lambda: health() == (503, {
        "status": "unavailable", "detail": "The database cannot be reached.",
        "code": "unavailable", "database": "unreachable", "redis": "ok"}), 30)
    assert value(parse(ask(port, "/metrics").text), "confab_database_up") == 0
    system.start()
    wait_for(all_well, 30)


# ---- metrics ----

def test_metrics_are_in_the_prometheus_format(pushd):
    answer = pushd.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    parse(answer.text)


@pytest.mark.slow("an instance of its own")
def test_promtool_accepts_the_metrics(pushd):
    assert complaints(pushd.get("/metrics").text) == ""
    assert "exit status" in complaints("# TYPE confab_errors counter\nconfab_errors 1\n")


def test_every_metric_has_its_name_type_and_help(pushd):
    there = figures(pushd)
    assert {name: metric.kind for name, metric in there.items()} == \
        {f"confab_{name}": kind for name, kind in METRICS.items()}
    assert set(there["confab_sockets"].samples) == {(("kind", "room"),),
                                                    (("kind", "notifications"),)}
    assert set(there["confab_drops_total"].samples) == {(("reason", each),) for each in REASONS}
    assert set(there["confab_refusals_total"].samples) == \
        {(("reason", each),) for each in REFUSALS}
    assert len(there["confab_pushd_info"].samples) == 1
    for name in METRICS.keys() - {"sockets", "drops_total", "refusals_total", "pushd_info"}:
        assert set(there[f"confab_{name}"].samples) == {()}


def test_only_counters_end_with_total(pushd):
    for name, metric in figures(pushd).items():
        assert name.endswith("_total") == (metric.kind == "counter")


def test_sockets_are_counted_by_kind(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port), notified(alice, direct=pushd.port), \
            notified(alice, direct=pushd.port):
        wait_for_metric(pushd, 1, "sockets", kind="room")
        wait_for_metric(pushd, 2, "sockets", kind="notifications")
        assert value(figures(pushd), "confab_handshakes_total") == 3
    wait_for_metric(pushd, 0, "sockets", kind="room")
    wait_for_metric(pushd, 0, "sockets", kind="notifications")


def test_streams_and_subscribers_are_counted_and_end_with_their_sockets(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port), in_room(alice, room, direct=pushd.port):
        wait_for_metric(pushd, 2, "streams")      # the stream of the room and that of alice
        wait_for_metric(pushd, 4, "subscribers")  # both sockets subscribe to both
        wait_for_metric(pushd, 2, "redis_subscriptions")
    for name in ("streams", "subscribers", "redis_subscriptions"):
        wait_for_metric(pushd, 0, name)


def test_sockets_closed_during_the_handshake_leave_nothing(pushd, alice, room, user):
    bob = user()
    alice.invite(room, bob)
    for number in range(60):
        for someone in (alice, bob):
            open_one = someone.notifications if number % 3 == 0 else someone.socket
            arguments = [] if number % 3 == 0 else [room]
            opened = open_one(*arguments, direct=pushd.port, **({"since": 0} if number % 2 else {}))
            opened.abort()
    for name in ("streams", "subscribers", "redis_subscriptions"):
        wait_for_metric(pushd, 0, name)
    for kind in ("room", "notifications"):
        wait_for_metric(pushd, 0, "sockets", kind=kind)


def test_refused_sockets_leave_nothing(pushd, alice, room, user):
    stranger = user()
    for _ in range(20):
        assert stranger.socket(room, direct=pushd.port).closed() == 4404
        assert stranger.socket(room, direct=pushd.port, token="0" * 40).closed() == 4401
        assert alice.socket(room, direct=pushd.port, since="x").closed() == 4400
    for name in ("streams", "subscribers", "redis_subscriptions"):
        wait_for_metric(pushd, 0, name)
    wait_for_metric(pushd, 0, "sockets", kind="room")


def test_deliveries_are_counted(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port) as one, \
            in_room(alice, room, direct=pushd.port) as other:
        before = figures(pushd)
        alice.say(room)
        for live in (one, other):
            live.until("new_message")
        after = figures(pushd)
    assert value(after, "confab_deliveries_total") - value(before, "confab_deliveries_total") == 2
    assert value(after, "confab_redis_events_total") > value(before, "confab_redis_events_total")
    assert value(after, "confab_delivered_bytes_total") > \
        value(before, "confab_delivered_bytes_total") + 2 * 300


@pytest.mark.parametrize("reason, options", [
    ("auth", {"token": "0" * 40}), ("not_found", {"room": 2 ** 40}), ("bad_since", {"since": "x"})])
def test_refused_sockets_are_counted_by_reason(pushd, alice, room, reason, options):
    number = options.pop("room", room)
    alice.socket(number, direct=pushd.port, **options).closed()
    wait_for_metric(pushd, 1, "drops_total", reason=reason)


def test_frames_of_clients_are_counted(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port) as live:
        for message in ({"type": "ping"}, {"type": "ping"}, {"type": "shout"}):
            live.send(message)
            live.next()
        live.send_frame(1, b"x" * 5000)
        assert live.closed() == 1009
    wait_for_metric(pushd, 3, "frames_in_total")
    wait_for_metric(pushd, 1, "bad_frames_total")
    wait_for_metric(pushd, 1, "drops_total", reason="too_big")


def test_answers_to_pings_of_clients_are_counted(pushd, alice, room):
    with in_room(alice, room, direct=pushd.port) as live:
        alice.say(room)
        live.next()
        wait_for_metric(pushd, 0, "pongs_total")
        for count in (1, 2, 3):
            live.send_frame(PING, b"x")
            assert live.read_frame() == (True, PONG, b"x")
            wait_for_metric(pushd, count, "pongs_total")


def test_replays_and_resyncs_are_counted(pushd, alice, new_room):
    for _ in range(3):
        alice.say(new_room)
    with in_room(alice, new_room, direct=pushd.port, since=1) as live:
        live.next(), live.next()
    with in_room(alice, new_room, direct=pushd.port, since=99) as live:
        assert live.next() == {"type": "resync", "seq": 3}
    wait_for_metric(pushd, 1, "replays_total")
    wait_for_metric(pushd, 2, "replayed_events_total")
    wait_for_metric(pushd, 1, "resyncs_total")


def test_the_state_of_redis_and_database_is_a_metric(pushd):
    wait_for_metric(pushd, 1, "redis_up")
    wait_for_metric(pushd, 1, "database_up")
    there = figures(pushd)
    assert 1e6 < value(there, "confab_resident_memory_bytes") < 1e9
    assert 0 < value(there, "confab_database_latency_seconds") < 10


def test_idle_connections_to_the_metrics_are_bounded_and_keep_no_other_out(pushd):
    """The oldest ones are closed."""
    def files():
        return len(os.listdir(f"/proc/{pushd.process.pid}/fd"))
    before = files()
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", pushd.ports()[1]), 5))
                for _ in range(300)]
        assert pushd.get("/healthz").status_code == 200
        assert files() <= before + 64
        assert idle[0].recv(1) == b""
        idle[-1].sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert idle[-1].recv(12) == b"HTTP/1.1 200"
