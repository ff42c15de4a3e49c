"""A Galera cluster of MariaDB servers, at ports of 127.0.0.1 or on machines of a Network."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from support import template
from support.instance import ROOT, Instance
from support.leash import leashed, new_folder
from support.mariadb import PROGRAMS, MariaDB
from support.network import HERE
from support.port import free_port
from support.sql_session import SqlSession
from support.wait import wait_for

PROVIDER = "/usr/lib/galera/libgalera_smm.so"

# Failures are noticed soon, and little memory is used.
OPTIONS = ("gcache.size=8M;evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.1S;"
           "evs.suspect_timeout=PT1S;evs.inactive_timeout=PT2S;evs.install_timeout=PT2S;"
           "evs.delayed_keep_period=PT2S;gmcast.peer_timeout=PT1S;gmcast.time_wait=PT1S")

# The password of the user for copies in conf/cluster/galera.cnf.
SST_PASSWORD = "CHANGE-ME"


def _lines(name, port, ist_port, peers, weight):
    return f"""
wsrep_on = ON
wsrep_provider = {PROVIDER}
wsrep_cluster_name = confab
wsrep_cluster_address = gcomm://{peers}
wsrep_node_name = {name}
wsrep_node_address = 127.0.0.1
wsrep_sst_method = position
wsrep_slave_threads = 2
wsrep_provider_options = "base_host=127.0.0.1;base_port={port};gmcast.listen_addr=tcp://127.0.0.1:{port};ist.recv_addr=127.0.0.1:{ist_port};pc.weight={weight};{OPTIONS}"
binlog_format = ROW
innodb_autoinc_lock_mode = 2
innodb_flush_log_at_trx_commit = 0
"""


def _shipped_lines(machine):
    """Those of conf/cluster, for one of its machines. A server that joins fetches only the changes
    since, unless it is started otherwise; see copy_to()."""
    text = (ROOT / "conf" / "cluster" / "galera.cnf").read_text()
    for line, here in ((r"wsrep_node_address = .*", f"wsrep_node_address = {machine.address}"),
                       (r"wsrep_node_name = .*", f"wsrep_node_name = {machine.name}"),
                       (r"wsrep_sst_method = .*", "wsrep_sst_method = position"),
                       (r"gcache\.size=\w+", "gcache.size=16M")):
        text, count = re.subn(line, here, text)
        assert count, line
    return text


class Galera:
    """Used in a `with`; `nodes` are MariaDB servers, each with a name. Without machines there are
    two, of which the first one has the quorum by itself; the second, alone, has no cluster. Of
    three machines, those of conf/cluster, any two have it; they have the tables of confab."""

    def __init__(self, machines=None):
        self._with_tables = bool(machines)
        self._transfer = new_folder("confab-galera-")
        scripts = f"{Path(__file__).parent}:{ROOT}/build/cluster-bin"
        path = {"PATH": f"{scripts}:{PROGRAMS}", "TRANSFER": str(self._transfer)}
        if machines:
            places = [(machine.name, _shipped_lines(machine), machine) for machine in machines]
        else:
            ports = [free_port(), free_port()]
            peers = ",".join(f"127.0.0.1:{port}" for port in ports)
            places = [(name, _lines(name, port, free_port(), peers, weight), HERE)
                      for name, port, weight in zip(("one", "two"), ports, (2, 1))]
        self.nodes = []
        for name, lines, machine in places:
            self.nodes.append(MariaDB(lines, tcp=True, env=path, machine=machine))
            self.nodes[-1].name = name

    def __enter__(self):
        try:
            first, *others = self.nodes
            # A copy of the first one's data: only the changes since have to be sent.
            if self._with_tables:
                template.copy_to(first.folder / "data", Instance.make_template)
            first.start("--wsrep-new-cluster")
            if self._with_tables:
                first.create_user()
                first.sql(f"CREATE USER sst@localhost IDENTIFIED BY '{SST_PASSWORD}'; GRANT "
                          "RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO sst@localhost")
            first.stop()
            for other in others:
                shutil.copytree(first.folder / "data", other.folder / "data")
            first.start("--wsrep-new-cluster")
            for other in others:
                other.start()
                wait_for(lambda other=other: is_ready(other), 60, "the cluster")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        for node in reversed(self.nodes):
            if node.process and node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
            node.close()
        shutil.rmtree(self._transfer, ignore_errors=True)

    def kill(self, node):
        """Kills a node; the others leave it out a moment later."""
        node.process.kill()
        node.process.wait(20)

    def _wait_until_left_out(self, node):
        """One that comes back sooner can cost the others their quorum."""
        for other in self.nodes:
            if other is not node:
                wait_for(lambda other=other: other.sql(
                    "SHOW STATUS LIKE 'wsrep_cluster_size'", database="") == [
                        ("wsrep_cluster_size", len(self.nodes) - 1)] and is_ready(other), 60,
                    "the others to leave out a node")

    def rejoin(self, node):
        """Starts a node that was killed, once the others have left it out."""
        self._wait_until_left_out(node)
        self.start_again(node)

    @staticmethod
    def start_again(node):
        """Starts a node that was killed, at the position that its data has."""
        log = node.folder / "recovery"
        with log.open("wb") as output:
            recovery = subprocess.Popen(leashed(node.machine.enter(
                [shutil.which("mariadbd", path=PROGRAMS), f"--defaults-file={node.folder}/my.cnf",
                 "--wsrep-recover", *(["--user=root"] if os.getuid() == 0 else [])])),
                stdout=output, stderr=output)
        try:
            position = wait_for(lambda: re.search(r"Recovered position: (\S+)\n", log.read_text()),
                                60, "the recovery")[1]
        finally:
            # It may not end by itself: its purge waits for tables that it does not open any more.
            recovery.kill()
            recovery.wait(20)
        node.start(f"--wsrep_start_position={position}")
        wait_for(lambda: is_ready(node), 60, "the node that comes back")

    def copy_to(self, node):
        """Starts a node that was killed with empty data, so that it copies all of another one."""
        self._wait_until_left_out(node)
        shutil.rmtree(node.folder / "data")
        (node.folder / "data").mkdir()
        node.start("--wsrep-sst-method=mariabackup", seconds=180)
        wait_for(lambda: is_ready(node), 120, "the node that copies all")

    def settle(self):
        """Waits until all nodes are together and have applied the same."""
        for node in self.nodes:
            wait_for(lambda node=node: self._is_synced(node), 120, "a node to be with the others")

    def _is_synced(self, node):
        state = dict(node.sql("SHOW STATUS LIKE 'wsrep_%'", database=""))
        if (state["wsrep_cluster_size"], state["wsrep_local_state_comment"]) != (
                len(self.nodes), "Synced"):
            return False
        try:
            node.sql("SET wsrep_sync_wait = 15; SELECT 1", database="")
        except RuntimeError:
            return False
        return True

    def env(self, *order):
        """The configuration of an instance that uses these nodes, by index, in this order."""
        hosts = ",".join(f"{self.nodes[at].machine.address}:{self.nodes[at].port}"
                         for at in order)
        return {**self.nodes[0].env, "CONFAB_DATABASE_SOCKET": "", "CONFAB_DATABASE_HOST": hosts}


def is_ready(node):
    """Whether it is part of a cluster with a quorum. One that joins may end connections: then it
    is to be asked again, by wait_for()."""
    try:
        return node.sql("SHOW STATUS LIKE 'wsrep_ready'", database="") == [("wsrep_ready", "ON")]
    except RuntimeError as error:
        raise AssertionError(str(error)) from error


@contextlib.contextmanager
def held_back(node):
    """The node applies nothing of what the others commit, until the end of the block or until the
    returned function is called."""
    with SqlSession(node) as session:
        session.run("SET GLOBAL wsrep_desync = ON")
        session.run("FLUSH TABLES WITH READ LOCK")
        released = False

        def release():
            nonlocal released
            if not released:
                session.run("UNLOCK TABLES")
                session.run("SET GLOBAL wsrep_desync = OFF")
            released = True

        try:
            yield release
        finally:
            release()
