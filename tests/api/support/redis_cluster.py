"""A Redis Cluster at ports of 127.0.0.1: three primaries, and a replica of the first."""

from contextlib import ExitStack

from support.port import free_port
from support.redis import Redis
from support.wait import wait_for

RANGES = ["0 5460", "5461 10922", "10923 16383"]


class RedisCluster:
    """Used in a `with`; .servers are the primaries, then the replica."""

    def __init__(self):
        self._stack = ExitStack()
        self.servers = []

    def __enter__(self):
        with ExitStack() as stack:
            bus = [free_port() for _ in range(4)]
            self.servers = [stack.enter_context(Redis(
                f"cluster-enabled yes\ncluster-port {port}\ncluster-node-timeout 1000\n"
                "cluster-replica-validity-factor 0\nrepl-diskless-sync-delay 0"))
                for port in bus]
            first, *others = self.servers
            for number, (server, slots) in enumerate(zip(self.servers, RANGES, strict=False)):
                assert server.command("CLUSTER", "ADDSLOTSRANGE", *slots.split()) == "OK"
                assert server.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1) == "OK"
            for server, port in zip(others, bus[1:], strict=True):
                assert first.command("CLUSTER", "MEET", "127.0.0.1", server.port, port) == "OK"
            wait_for(lambda: all("cluster_known_nodes:4" in server.command("CLUSTER", "INFO")
                                 for server in self.servers), 30)
            replica = self.servers[3]
            wait_for(lambda: replica.command("CLUSTER", "REPLICATE",
                                             first.command("CLUSTER", "MYID")) == "OK", 20)
            wait_for(lambda: "state=online" in first.command("INFO", "replication"), 30)
            wait_for(lambda: all("cluster_state:ok" in server.command("CLUSTER", "INFO")
                                 for server in self.servers), 30)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def slot(self, word):
        return int(self.servers[1].command("CLUSTER", "KEYSLOT", word))

    def server_of(self, word):
        """The first primary of a hash tag."""
        for server, slots in zip(self.servers, RANGES, strict=False):
            low, high = map(int, slots.split())
            if low <= self.slot(word) <= high:
                return server
        raise AssertionError(word)

    @property
    def env(self):
        """The configuration of an instance."""
        hosts = ", ".join(f"127.0.0.1:{server.port}" for server in self.servers[1:3])
        return {"CONFAB_REDIS_SOCKET": "", "CONFAB_REDIS_CLUSTER": "on",
                "CONFAB_REDIS_HOST": hosts, "CONFAB_REDIS_TIMEOUT": "1000"}
