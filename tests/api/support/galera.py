"""A Galera cluster of two MariaDB servers at ports of 127.0.0.1. The first one has the quorum by
itself; the second, alone, has no cluster."""

import contextlib
import shutil
import signal
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


class Galera:
    """Used in a `with`; `nodes` are two MariaDB."""

    def __init__(self):
        ports = [free_port() for _ in range(4)]
        self._transfer = Path(tempfile.mkdtemp(prefix="confab-galera-", dir="/tmp"))
        path = {"PATH": f"{Path(__file__).parent}:{PROGRAMS}", "TRANSFER": str(self._transfer)}
        peers = f"127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}"
        self.nodes = [
            MariaDB(_lines("one", ports[0], ports[2], peers, 2), tcp=True, env=path),
            MariaDB(_lines("two", ports[1], ports[3], peers, 1), tcp=True, env=path)]

    def __enter__(self):
        try:
            first, second = self.nodes
            # A copy of the first one's data: only the changes since have to be sent.
            first.start("--wsrep-new-cluster")
            first.stop()
            shutil.copytree(first.folder / "data", second.folder / "data")
            first.start("--wsrep-new-cluster")
            second.start()
            wait_for(lambda: is_ready(first) and is_ready(second), 60, "the cluster")
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

    def env(self, *order):
        """The configuration of an instance that uses these nodes (0 and 1), in this order."""
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
