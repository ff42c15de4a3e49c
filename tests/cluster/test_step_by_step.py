"""docs/cluster.md, from one machine to three: its commands are typed on hosts of their own, while a
client posts; also those of a backup and of a restore. At the end the first machine is unplugged."""

import contextlib
import http.client
import json
import re
import threading
import time

import pytest

from hosts import Hosts
from support import markdown
from support.wait import wait_for

DOCUMENT = "docs/cluster.md"
SITE = "chat.example.org"

# What Debian's packages would have left on the present machine.
DEBIAN = """
getent passwd confab >/dev/null || useradd --system --no-create-home confab
getent passwd redis >/dev/null || useradd --system --no-create-home redis
mkdir -p /etc/confab /run/mysqld /etc/redis /var/lib/redis /var/log/confab /run/confab
install -d -o confab -g www-data -m 2755 /run/confab/push
chown confab /run/confab /var/log/confab
touch /etc/redis/redis.conf
cat >/etc/mysql/mariadb.conf.d/50-server.cnf <<END
[mariadbd]
user = root
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid-file = /run/mysqld/mysqld.pid
bind-address = 127.0.0.1
innodb_buffer_pool_size = 32M
innodb_log_file_size = 16M
skip-name-resolve
END
"""
DATABASE = """
mariadb-install-db --user=root --datadir=/var/lib/mysql --skip-test-db \
    --auth-root-authentication-method=socket >/dev/null
"""
# docs/systemd.md, without systemd.
CONFAB = """
cat >/etc/confab/confab.conf <<END
database_socket = /run/mysqld/mysqld.sock
database_name = confab
database_user = confab
redis_host = localhost
# Of the machine of the test.
processes = 4
rate_limits = off
redis_timeout = 200
END
chgrp confab /etc/confab/confab.conf
chmod 640 /etc/confab/confab.conf
cp /usr/local/share/confab/lighttpd/40-confab.conf /etc/lighttpd/conf-available/
lighty-enable-mod confab
systemctl start lighttpd
"""


class Poster(threading.Thread):
    """Posts until end() is called; what was not acknowledged is sent again."""

    def __init__(self, address, room, token, prefix="m"):
        super().__init__(daemon=True)
        self.address = address
        self._path = f"/api/chat/rooms/{room}/messages/"
        self._token = token
        self._prefix = prefix
        self._ended = threading.Event()
        self.acknowledged = []     # client_ids
        self.longest = 0.0         # seconds between two acknowledgements
        self.refusals = {}

    def run(self):
        number, before = 0, time.monotonic()
        while not self._ended.is_set():
            number += 1
            name = f"{self._prefix}{number}"
            while (status := self._post(name)) not in (200, 201):
                self.refusals[status] = self.refusals.get(status, 0) + 1
                time.sleep(0.2)
            now = time.monotonic()
            self.longest = max(self.longest, now - before)
            before = now
            self.acknowledged.append(name)
            time.sleep(0.02)

    def _post(self, name):
        """The status; the name of an error of the network."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request("POST", self._path, json.dumps({"content": name, "client_id": name}),
                               {"Authorization": f"Token {self._token}", "Host": SITE,
                                "Content-Type": "application/json"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def goes_on(self, more=5, seconds=60):
        """Waits for `more` posts."""
        enough = len(self.acknowledged) + more
        end = time.monotonic() + seconds
        while len(self.acknowledged) < enough:
            assert time.monotonic() < end, self.refusals
            time.sleep(0.05)

    @contextlib.contextmanager
    def during(self, what):
        """Posts continue after the block; reports the longest time without one."""
        self.longest = 0.0
        yield
        self.goes_on()
        print(f"  {what}: {self.longest:.1f} s without a post", flush=True)

    def end(self):
        self._ended.set()
        self.join(60)


@pytest.fixture(scope="module")
def hosts():
    """`one` is the present machine, with a site in use."""
    with Hosts(one=["10.0.0.1/16", "10.0.1.1/16"], two=["10.0.0.2/16", "10.0.1.2/16"],
               three=["10.0.0.3/16", "10.0.2.1/16"], four=["10.0.2.2/16"]) as made:
        for host in (made.one, made.two, made.three):
            host.run(DEBIAN + DATABASE)
        made.one.run("systemctl start mariadb redis-server")
        once = markdown.block("docs/systemd.md", "once")
        made.one.run(re.search(r'mariadb -e ".*?"\n', once, re.DOTALL)[0])
        made.one.run(CONFAB + "confabctl migrate; "
                     "systemctl start confab-fcgi confab-pushd@8001 confab-worker")
        yield made


def typed(host, mark, *changes):
    """Types a block, with these replacements in it, as the page tells its readers to make."""
    script = markdown.block(DOCUMENT, mark).replace("CHANGE-ME", "correct-horse")
    for before, after in changes:
        assert before in script, (mark, before)
        script = script.replace(before, after)
    return host.run(script)


def configure_web_host(host):
    """Puts the lines of the documentation in place of those of one machine."""
    lines = markdown.block(DOCUMENT, "settings").replace("CHANGE-ME", "correct-horse")
    keys = "|".join(line.split(" ")[0] for line in lines.splitlines())
    host.run(f"sed -i -E '/^({keys}|redis_host) /d' /etc/confab/confab.conf && "
             f"cat >>/etc/confab/confab.conf <<'END'\n{lines}END\n")


def book(host, room):
    """The number of messages in the host's database, and their client_ids in order."""
    rows = host.run(f"mariadb -N confab -e \"SET wsrep_sync_wait = 1; SELECT position, client_id "
                    f"FROM message WHERE room_id = {room} ORDER BY position\"").split("\n")[:-1]
    positions, names = zip(*(row.split("\t") for row in rows))
    assert list(map(int, positions)) == list(range(1, len(rows) + 1))
    return [name[1:] for name in names]


def restore(hosts):
    one, two, three = hosts.one, hosts.two, hosts.three
    for host in (one, two):
        typed(host, "stop-confab")
    for host in (one, two, three):
        typed(host, "stop-database")
    (hosts.folder / "bin" / "confab.sql.gz").write_bytes(three.read("/root/confab.sql.gz"))
    assert "0 differences" in typed(
        one, "restore", ("-c confab.sql", "-c /usr/local/bin/confab.sql"))
    for host in (one, two):
        typed(host, "start-confab")
    for host in (two, three):
        assert "Synced" in typed(host, "copy")


def test_a_site_grows_from_one_machine_to_three_without_losing_a_message(hosts):
    one, two, three, four = hosts.one, hosts.two, hosts.three, hosts.four
    one.run("echo 'correct horse' | confabctl user add dora; "
            "confabctl room ensure Hall --owner dora")
    token = re.search("[0-9a-f]{40}", one.run("confabctl token add dora"))[0]
    room = int(one.run("mariadb -N confab -e 'SELECT MAX(room_id) FROM room'"))
    with hosts.outside.network():
        poster = Poster("10.0.1.1", room, token)
        poster.start()
    poster.goes_on()

    for host, number in ((two, 2), (three, 3)):
        typed(host, "servers",
              ("NAME=db2 ADDRESS=10.0.0.2", f"NAME=db{number} ADDRESS=10.0.0.{number}"))
    typed(one, "redis", (" \\\n    'replicaof 10.0.0.1 6379'", ""))
    for host in (two, three):
        typed(host, "redis")
    typed(one, "users")
    for host in (one, two, three):
        host.run("sed -i 's/CHANGE-ME/correct-horse/' "
                 "/usr/local/share/confab/cluster/galera.cnf /etc/mysql/mariadb.conf.d/60-*")
    with poster.during("MariaDB is restarted"):
        typed(one, "bootstrap")
    for host in (two, three):
        with poster.during(f"{host.name} joins"):
            assert "Synced" in typed(host, "join")

    two.run(CONFAB)
    for host in (two, one):
        configure_web_host(host)
        with poster.during(f"{host.name} is restarted"):
            typed(host, "hosts")
    for host in (three, four):
        # This machine may not open as many files.
        host.run("sed -i 's/maxconn 100000/maxconn 4000/' "
                 "/usr/local/share/confab/cluster/haproxy.cfg")
        typed(host, "balancer")
    typed(four, "second-balancer")
    asked = re.search(r"`(curl .*?)`", markdown.read(DOCUMENT), re.DOTALL)[1]
    wait_for(lambda: '"ok"' in hosts.outside.run(f"{asked} || true"), 30)
    with poster.during("the name points to HAProxy"):
        poster.address = "192.0.2.10"

    with poster.during("HAProxy is killed"):
        three.run("kill -KILL $(cat /run/units/haproxy)")
    with poster.during("a backup is taken"):
        typed(three, "backup")
    poster.end()
    books = [book(host, room) for host in (one, two, three)]
    assert books[0] == books[1] == books[2]
    # In the order of the posts, each once.
    assert books[0] == poster.acknowledged

    restore(hosts)
    restored = book(one, room)
    assert 0 < len(restored) <= len(books[0])
    assert restored == books[0][:len(restored)]

    with hosts.outside.network():
        poster = Poster("192.0.2.10", room, token, "again")
        poster.start()
    poster.goes_on()
    with poster.during("the first machine is unplugged"):
        one.unplug()
    poster.end()
    books = [book(host, room) for host in (two, three)]
    assert books[0] == books[1] == restored + poster.acknowledged
    check = json.loads(two.run("confabctl --json check --deep"))
    assert check["differences"] == []
