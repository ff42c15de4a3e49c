"""Fixtures for tests against real servers. Each worker of xdist has its own instances."""

import os

import pytest

from support import front
from support.certificates import Certificates
from support.client import Client
from support.confabctl import Tool
from support.instance import Instance
from support.pushd import Pushd
from support.receiver import Receiver
from support.recorder import Recorder
from support.scheduling import FileScheduling
from support.site_tokens import Keys
from support.sockets import in_room
from support.wait import wait_for


def started(**env):
    instance = Instance(quick=True, **env)
    try:
        return instance.start()
    except BaseException:
        instance.close()
        raise


def pytest_make_parametrize_id(val):
    """Shortens ids: the name of a test is in the environment of the programs it runs."""
    if isinstance(val, (str, bytes)) and len(val) > 40:
        return ascii(val[:30]) + "..."
    return None


def pytest_configure(config):
    config.addinivalue_line("markers", "everywhere: run behind each kind of web server")
    config.addinivalue_line("markers", "slow(reason): left out of `make test`")
    config.addinivalue_line("markers", "unsanitized(reason): measures what a sanitizer changes")


def without_slow(config):
    return config.option.markexpr == "not slow"


def pytest_pycollect_makeitem(collector, obj):
    """Leaves out slow tests before pytest makes one of each of their parameters, which takes
    each process several seconds."""
    marks = [*getattr(obj, "pytestmark", []), *collector.iter_markers()]
    if without_slow(collector.config) and any(mark.name == "slow" for mark in marks):
        return []
    return None


def pytest_xdist_make_scheduler(config, log):
    return FileScheduling(config, log)


def pytest_generate_tests(metafunc):
    """Runs a test marked `everywhere` for each kind of front, as its `instance`; the others than
    the own web server are slow. HALF=0 or 1 takes every second kind of them."""
    if metafunc.definition.get_closest_marker("everywhere"):
        half = os.environ.get("HALF")
        kinds = front.KINDS[int(half)::2] if half else front.KINDS
        if without_slow(metafunc.config):
            kinds = []
        others = [pytest.param(kind, marks=pytest.mark.slow("another web server"))
                  for kind in kinds]
        metafunc.parametrize("instance", [None, *others], ids=["own", *kinds],
                             indirect=True, scope="session")


@pytest.fixture(scope="session")
def own_instance():
    """The instance that most tests share, behind its own lighttpd."""
    system = started()
    yield system
    system.close()


@pytest.fixture(scope="session")
def fronts(own_instance):
    """fronts(kind): the Front of that kind, started at first use."""
    made = {}

    def get(kind):
        if kind not in made:
            made[kind] = front.Front(own_instance, kind)
            made[kind].start()
        return made[kind]

    yield get
    for server in made.values():
        server.close()


@pytest.fixture(scope="session")
def instance(request, own_instance, fronts):
    """The instance that most tests share: no rate limits, cheap passwords, open registration."""
    kind = getattr(request, "param", None)
    return fronts(kind).instance if kind else own_instance


@pytest.fixture(scope="session")
def shared():
    """shared(CONFAB_RATE_LIMITS="on"): the instance with this configuration, which several
    modules share. Tests must not stop its servers."""
    systems = {}

    def get(**env):
        key = tuple(sorted(env.items()))
        if key not in systems:
            systems[key] = started(**env)
        return systems[key]

    yield get
    for system in systems.values():
        system.close()


@pytest.fixture(scope="session")
def one_process(shared):
    """An instance with one process of fcgi-api, which sees all requests and publishes in
    their order."""
    return shared(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=1000)


@pytest.fixture(scope="session")
def foreign_pages(shared):
    """An instance that allows two origins, behind a trusted proxy on this host."""
    return shared(CONFAB_ALLOWED_ORIGINS="https://app.example, http://localhost:3000",
                  CONFAB_TRUSTED_PROXIES="127.0.0.1", CONFAB_SESSION_DAYS=3)


@pytest.fixture(scope="session")
def tight_limits(shared):
    """An instance with one process and low rate limits for messages and requests."""
    return shared(CONFAB_PROCESSES=1, CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000,
                  CONFAB_RATE_MESSAGES=1, CONFAB_RATE_MESSAGES_BURST=3,
                  CONFAB_RATE_REQUESTS=1, CONFAB_RATE_REQUESTS_BURST=20)


@pytest.fixture(scope="module")
def make_instance():
    """make_instance(CONFAB_RATE_LIMITS="on"): a separate instance, for a module whose tests
    stop servers, count all rows, or need a configuration of their own."""
    made = []

    def make(**env):
        made.append(started(**env))
        return made[-1]

    yield make
    for system in made:
        system.close()


@pytest.fixture
def anonymous(instance):
    """A client without credentials."""
    return Client(instance)


@pytest.fixture(scope="session")
def user(instance):
    """user(): a client with a new user; user(name, password) chooses both."""
    def make(name=None, password="correct horse"):
        return Client(instance).register(name, password)
    return make


@pytest.fixture(scope="module")
def owner(user):
    """A user of that instance, for all tests of a module."""
    return user()


@pytest.fixture(scope="module")
def tool(instance):
    """Runs confabctl against it."""
    return Tool(instance)


@pytest.fixture
def pair(user):
    """(the admin of a private room, another member, the room)"""
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    return alice, bob, room


@pytest.fixture
def own_room(user):
    """(a user, the id of a room of that user)"""
    alice = user()
    return alice, alice.room()["room_id"]


@pytest.fixture
def live(own_room):
    """A socket of the user in that room."""
    with in_room(*own_room) as socket:
        yield socket


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """The keys by which a site signs tokens."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def receiver():
    """A server that hooks lead to."""
    with Receiver() as running:
        yield running


@pytest.fixture
def pushd(instance):
    """An additional pushd, which a test may stop and configure."""
    with Pushd(instance) as running:
        yield running


@pytest.fixture
def unharmed(instance):
    """Asserts that the test ends no process of fcgi-api and leaves no transaction open."""
    before = instance.api_workers()
    assert before
    yield
    assert instance.api_workers() == before
    held = "SELECT COUNT(*) FROM information_schema.innodb_trx"
    wait_for(lambda: instance.sql(held) == [(0,)], 30, "the end of all transactions")


@pytest.fixture(scope="module")
def recorder(one_process):
    """Records what `one_process` publishes."""
    return Recorder(one_process)


@pytest.fixture
def person(recorder):
    """person(): a new user of that instance."""
    return lambda: Client(recorder.instance).register()


# ---- users of `system`, which a module may override ----

@pytest.fixture(scope="session")
def system(instance):
    return instance


@pytest.fixture(scope="module")
def second(system):
    """The port of a second pushd on the same Redis and database."""
    with Pushd(system) as pushd:
        yield pushd.port


@pytest.fixture
def alice(system):
    return Client(system).register()


@pytest.fixture
def bob(system):
    return Client(system).register()


@pytest.fixture
def room(alice, bob):
    """The id of a room of alice and bob; event 1 is the invitation of bob."""
    made = alice.room()["room_id"]
    alice.invite(made, bob)
    return made


@pytest.fixture
def duo(alice, bob, room):
    """(alice, bob, the id of that room)"""
    return alice, bob, room


@pytest.fixture
def new_room(alice):
    """The id of a room without events, with alice as the only member."""
    return alice.room()["room_id"]


@pytest.fixture
def trio(system):
    """(alice, bob, the id of a room of all three, carol)"""
    alice, bob, carol = (Client(system).register() for _ in range(3))
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    alice.invite(room, carol)
    return alice, bob, room, carol
