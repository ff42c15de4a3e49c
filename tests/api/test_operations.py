"""docs/operations.md: backup and restore as documented, and the alert rules."""

import os
import re
import subprocess
import threading

import pytest

from support import markdown
from support.client import Client
from support.confabctl import Tool
from support.event_reader import EventReader
from support.instance import ROOT
from support.metrics import parse, promtool
from support.pushd import ask
from support.sockets import ROOM
from support.websocket import Socket, push_port

pytestmark = pytest.mark.slow("follows the pages word by word")

RULES = ROOT / "conf" / "prometheus" / "rules.yml"
CLUSTER_RULES = ROOT / "conf" / "prometheus" / "cluster.yml"


# ---- backup and restore ----

def run(instance, mark, folder, change=str):
    """Runs the commands of a documented block, changed by change(), for an instance, in a
    folder."""
    command = instance.sql_command()
    # Only the connection options, without the name of the database and the output format.
    options = [word for word in command[1:] if word.startswith(("--no-def", "--socket", "--user"))]
    script = 'confabctl() { "$CONFABCTL" -c "$CONFIG" "$@"; }\n' + change(
        markdown.block("docs/operations.md", mark))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True, capture_output=True,
        timeout=120, env={**instance.env, "DATABASE": " ".join(options),
                          "CONFABCTL": str(instance.build / "confabctl"),
                          "CONFIG": str(instance.config), "PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def old(make_instance):
    return make_instance()


@pytest.fixture(scope="module")
def new(make_instance):
    return make_instance()


def moved(client, instance):
    """The same user with the same token on another system."""
    other = Client(instance)
    other.id, other.name, other.token = client.id, client.name, client.token
    return other


def contents(client, room):
    """The content of every message, by id."""
    messages = client.get(f"/api/chat/rooms/{room}/messages/?limit=200").json()["results"]
    return {message["message_id"]: message["content"] for message in messages}


def test_a_backup_taken_during_writes_restores_every_acknowledged_message(old, new, tmp_path):
    alice = Client(old).register()
    room = alice.room()["room_id"]
    alice.say(room, "ä 漢字 🙂 \\ '\"")
    gone = alice.say(room, "not for long")["message_id"]
    alice.delete(f"/api/chat/rooms/{room}/messages/{gone}/")
    before = contents(alice, room)
    stop = threading.Event()

    def write():
        bob = moved(alice, old)
        for number in range(100):
            if not stop.is_set():
                bob.say(room, f"meanwhile {number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        run(old, "backup", tmp_path)
    finally:
        stop.set()
        writer.join()
    alice.say(room, "too late")
    after = contents(alice, room)

    for server in ("api", "push"):
        new.end(server)
    assert "0 differences" in run(new, "restore", tmp_path)
    new.start()

    alice_there = moved(alice, new)
    there = contents(alice_there, room)
    assert before.items() <= there.items() <= after.items()
    assert "too late" not in there.values()
    events = alice_there.get(f"/api/chat/rooms/{room}/events/?limit=1000").json()
    assert [event["seq"] for event in events["events"]] == list(range(1, events["last_seq"] + 1))
    last = alice.get(f"/api/chat/rooms/{room}/events/?limit=1").json()["last_seq"]
    with Socket.open(new, ROOM.format(room) + f"?since={last}", token=alice.token) as socket:
        assert socket.next()["type"] == "connected"
        assert socket.next() == {"type": "resync", "seq": events["last_seq"]}
    with EventReader(Socket.open(new, ROOM.format(room), token=alice.token)) as live:
        alice_there.say(room, "life goes on")
        assert live.event()["message"]["content"] == "life goes on"
    assert Tool(new).json("check", "--deep")["differences"] == []


# ---- texts encoded twice ----

def test_texts_that_are_encoded_twice_are_found_and_mended(new, tmp_path):
    alice = Client(new).register()
    plain, broken = (alice.room()["room_id"] for _ in range(2))
    for text in ["plain", "na\u00efve", "Gr\u00fc\u00dfe \u65e5\u672c \U0001F600", "\u20ac \x81"]:
        alice.say(broken, text)
        alice.say(plain, text)
    alice.say(plain, "\u00c3 alone, and \u00c3\u00a9 beside \u65e5")
    before = contents(alice, broken), contents(alice, plain)
    tool = Tool(new)
    assert tool.json("check", "--deep")["differences"] == []

    new.sql("UPDATE message SET content = CONVERT(CAST(content AS BINARY) USING latin1) "
            "WHERE room_id = ?", broken)
    assert contents(alice, broken) != before[0]
    report = tool.json("check", "--deep", code=1)
    assert [(found["rule"], found["room_id"], found["stored"])
            for found in report["differences"]] == [("twice_encoded", broken, 3)]
    assert "encoded twice" in report["checks"][-1]["try"]

    run(new, "twice-encoded", tmp_path, lambda script: script.replace("(7, 8)", f"({broken})"))
    assert (contents(alice, broken), contents(alice, plain)) == before


# ---- monitoring ----

@pytest.mark.parametrize("rules", [RULES, CLUSTER_RULES], ids=lambda rules: rules.stem)
def test_promtool_accepts_the_rules(rules):
    done = subprocess.run([promtool(), "check", "rules", rules], text=True, timeout=60,
                          capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{rules.read_text().count('- alert:')} rules found" in done.stdout


def test_the_rules_use_existing_metrics(make_instance):
    own = make_instance(WORKER=1)
    worker = int((own.state / "run" / "worker.ports").read_text().removeprefix("worker="))
    figures = parse(ask(push_port(own, "metrics"), "/metrics").text)
    named = set(re.findall(r"\bconfab_\w+", RULES.read_text()))
    # Those of hooks have no number without a hook.
    of_worker = set(re.findall(r"^# TYPE (\w+)", ask(worker, "/metrics").text, re.M))
    assert named and of_worker and named <= figures.keys() | of_worker
    reasons = {dict(labels)["reason"] for name in ("confab_drops_total", "confab_refusals_total")
               for labels in figures[name].samples}
    asked = re.findall(r'reason=~?"([a-z|_]+)"', RULES.read_text())
    assert {word for group in asked for word in group.split("|")} <= reasons


FIRING = """
rule_files: [{rules}]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - series: 'up{{job="confab", instance="a"}}'
        values: '0x20'
      - series: 'confab_database_up{{instance="b"}}'
        values: '0x20'
      - series: 'confab_sockets{{instance="c", kind="room"}}'
        values: '900x60'
      - series: 'confab_file_limit{{instance="c"}}'
        values: '1000x60'
      - series: 'confab_workers{{instance="c"}}'
        values: '1x60'
    alert_rule_test:
      - {{eval_time: 4m, alertname: ConfabPushdDown, exp_alerts: [{{exp_labels: {{severity: page, job: confab, instance: a}}, exp_annotations: {{summary: "pushd at a does not answer"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabDatabaseDown, exp_alerts: [{{exp_labels: {{severity: page, instance: b}}, exp_annotations: {{summary: "pushd at b cannot reach MariaDB"}}}}]}}
      - {{eval_time: 10m, alertname: ConfabSocketsNearLimit, exp_alerts: [{{exp_labels: {{severity: ticket, instance: c}}, exp_annotations: {{summary: "pushd at c is close to its limit of open files"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabRedisDown, exp_alerts: []}}
"""


# A cluster from which db3 is cut off, and whose Redis has lost its replica.
FIRING_OF_CLUSTER = """
rule_files: [{rules}]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - series: 'mysql_global_status_wsrep_cluster_size{{instance="db1"}}'
        values: '2x20'
      - series: 'mysql_global_status_wsrep_cluster_size{{instance="db3"}}'
        values: '1x20'
      - series: 'mysql_global_status_wsrep_cluster_status{{instance="db1"}}'
        values: '1x20'
      - series: 'mysql_global_status_wsrep_cluster_status{{instance="db3"}}'
        values: '0x20'
      - series: 'redis_sentinel_master_ok_slaves{{instance="r1", master_name="chat"}}'
        values: '0x20'
      - series: 'haproxy_server_status{{instance="h1", proxy="hosts", server="web1", state="UP"}}'
        values: '1x20'
      - series: 'haproxy_server_status{{instance="h1", proxy="hosts", server="web2", state="UP"}}'
        values: '0x20'
    alert_rule_test:
      - {{eval_time: 4m, alertname: ConfabDatabaseClusterSmall, exp_alerts: [{{exp_labels: {{severity: page}}, exp_annotations: {{summary: "the cluster of databases has 2 servers instead of 3"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabDatabaseSplit, exp_alerts: [{{exp_labels: {{severity: page}}, exp_annotations: {{summary: "the database servers report different cluster sizes: some are cut off"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabDatabaseOutsideCluster, exp_alerts: [{{exp_labels: {{severity: page, instance: db3}}, exp_annotations: {{summary: "the database server at db3 is not part of the cluster and refuses writes"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabRedisWithoutReplica, exp_alerts: [{{exp_labels: {{severity: page, instance: r1, master_name: chat}}, exp_annotations: {{summary: "Redis has no replica for a failover (reported by the Sentinel at r1)"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabHostsFew, exp_alerts: [{{exp_labels: {{severity: page, instance: h1}}, exp_annotations: {{summary: "HAProxy at h1 has 1 host left; if it fails, the site is down"}}}}]}}
      - {{eval_time: 4m, alertname: ConfabSentinelsFew, exp_alerts: []}}
"""


@pytest.mark.parametrize("rules, firing", [(RULES, FIRING), (CLUSTER_RULES, FIRING_OF_CLUSTER)],
                         ids=["rules", "cluster"])
def test_the_rules_fire_on_their_conditions(tmp_path, rules, firing):
    cases = tmp_path / "cases.yml"
    cases.write_text(firing.format(rules=rules))
    done = subprocess.run([promtool(), "test", "rules", cases], text=True, timeout=60,
                          capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
