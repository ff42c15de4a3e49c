"""A Galera cluster of MariaDB servers at ports of 127.0.0.1."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from support.mariadb import PROGRAMS, MariaDB
from support.port import free_port
from support.sql_session import SqlSession
from support.wait import wait_for

PROVIDER = "/usr/lib/galera/libgalera_smm.so"

# Failures are noticed soon, and little memory is used.
OPTIONS = ("gcache.size=8M;evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.1S;"
           "evs.suspect_timeout=PT1S;evs.inactive_timeout=PT2S;evs.install_timeout=PT2S;"
           "evs.delayed_keep_period=PT2S;gmcast.peer_timeout=PT1S;gmcast.time_wait=PT1S")


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


NAMES = ("one", "two", "three")


class Galera:
    """Used in a `with`; `nodes` are MariaDB servers. Of two, the first one has the quorum by
    itself; the second, alone, has no cluster. Of three, any two have it."""

    def __init__(self, count=2):
        ports = [free_port() for _ in range(count)]
        self._transfer = Path(tempfile.mkdtemp(prefix="confab-galera-", dir="/tmp"))
        path = {"PATH": f"{Path(__file__).parent}:{PROGRAMS}", "TRANSFER": str(self._transfer)}
        peers = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.nodes = [
            MariaDB(_lines(name, port, free_port(), peers, 2 if (count, name) == (2, "one") else 1),
                    tcp=True, env=path)
            for name, port in zip(NAMES, ports)]

    def __enter__(self):
        try:
            first, *others = self.nodes
            # A copy of the first one's data: only the changes since have to be sent.
            first.start("--wsrep-new-cluster")
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

    def rejoin(self, node):
        """Starts a node that was killed, at the position that its data has."""
        done = None
        # The recovery of 10.11 may wait for itself for ever; it can be repeated.
        for _ in range(5):
            with contextlib.suppress(subprocess.TimeoutExpired):
                done = subprocess.run(
                    [shutil.which("mariadbd", path=PROGRAMS),
                     f"--defaults-file={node.folder}/my.cnf", "--wsrep-recover",
                     *(["--user=root"] if os.getuid() == 0 else [])],
                    capture_output=True, text=True, timeout=30)
                break
        assert done, "the recovery hangs"
        position = re.search(r"Recovered position: (\S+)", done.stdout + done.stderr)[1]
        node.start(f"--wsrep_start_position={position}")
        wait_for(lambda: is_ready(node), 60, "the node that comes back")

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
        hosts = ",".join(f"127.0.0.1:{self.nodes[at].port}" for at in order)
        return {**self.nodes[0].env, "CONFAB_DATABASE_SOCKET": "", "CONFAB_DATABASE_HOST": hosts}


def is_ready(node):
    """Whether it is part of a cluster with a quorum."""
    return node.sql("SHOW STATUS LIKE 'wsrep_ready'", database="") == [("wsrep_ready", "ON")]


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
