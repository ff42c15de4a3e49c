"""Fixtures for tests against real servers, which each worker of xdist has for itself."""

import pytest

from support import front
from support.client import Client
from support.ear import Ear
from support.instance import Instance
from support.pushd import Pushd
from support.scheduling import FileScheduling
from support.wait import wait_for


def started(**env):
    instance = Instance(quick=True, **env)
    try:
        return instance.start()
    except BaseException:
        instance.close()
        raise


def pytest_make_parametrize_id(val):
    """The name of a test stands in the environment of what it runs: it must be short."""
    if isinstance(val, (str, bytes)) and len(val) > 40:
        return ascii(val[:30]) + "..."
    return None


def pytest_configure(config):
    config.addinivalue_line("markers", "everywhere: run through each kind of web server")
    config.addinivalue_line("markers", "slow(reason): left out of `make test`")


def pytest_xdist_make_scheduler(config, log):
    return FileScheduling(config, log)


def pytest_generate_tests(metafunc):
    """A test that is marked runs once more for each kind of front, with that as its
    instance."""
    if metafunc.definition.get_closest_marker("everywhere"):
        metafunc.parametrize("instance", [None, *front.KINDS], ids=["own", *front.KINDS],
                             indirect=True, scope="session")


@pytest.fixture(scope="session")
def own_instance():
    """The system behind `instance`, as its own lighttpd shows it."""
    system = started()
    yield system
    system.close()


@pytest.fixture(scope="session")
def fronts(own_instance):
    """fronts(kind): a Front of that kind, started when it is first asked for."""
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
    """The system most tests share: no rate limits, cheap passwords, open registration."""
    kind = getattr(request, "param", None)
    return fronts(kind).instance if kind else own_instance


@pytest.fixture(scope="session")
def shared():
    """shared(CONFAB_RATE_LIMITS="on"): the system of this configuration, which several modules
    use; no test may harm its servers."""
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
    """A system with one process of fcgi-api: what it has cached in one request it uses in the
    next, and it publishes in the order of the requests."""
    return shared(CONFAB_PROCESSES=1, CONFAB_REDIS_TIMEOUT=1000)


@pytest.fixture(scope="session")
def foreign_pages(shared):
    """A system that lets in the pages of these two origins, behind a proxy on this host."""
    return shared(CONFAB_ALLOWED_ORIGINS="https://app.example, http://localhost:3000",
                  CONFAB_TRUSTED_PROXIES="127.0.0.1", CONFAB_SESSION_DAYS=3)


@pytest.fixture(scope="session")
def tight_limits(shared):
    """A system with one process where a user soon sends too many messages or requests."""
    return shared(CONFAB_PROCESSES=1, CONFAB_RATE_LIMITS="on", CONFAB_REDIS_TIMEOUT=1000,
                  CONFAB_RATE_MESSAGES=1, CONFAB_RATE_MESSAGES_BURST=3,
                  CONFAB_RATE_REQUESTS=1, CONFAB_RATE_REQUESTS_BURST=20)


@pytest.fixture(scope="module")
def make_instance():
    """make_instance(CONFAB_RATE_LIMITS="on"): a system of its own for a module whose tests
    stop servers, count what is stored, or need a configuration that no other module has."""
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
    """user(): a client whose user is new; user(name, password) for certain ones."""
    def make(name=None, password="correct horse"):
        return Client(instance).register(name, password)
    return make


@pytest.fixture
def pair(user):
    """The admin of a private room, another member, and the room."""
    alice, bob = user(), user()
    room = alice.room()
    alice.invite(room["room_id"], bob)
    return alice, bob, room


@pytest.fixture
def pushd(instance):
    """A pushd beside that of the instance, which a test may stop and configure."""
    with Pushd(instance) as running:
        yield running


@pytest.fixture
def unharmed(instance):
    """What the test does kills no process and leaves no transaction open."""
    before = instance.api_workers()
    assert before
    yield
    assert instance.api_workers() == before
    held = "SELECT COUNT(*) FROM information_schema.innodb_trx"
    wait_for(lambda: instance.sql(held) == [(0,)], 5, "the end of all transactions")


@pytest.fixture(scope="module")
def ear(one_process):
    """Hears what this system publishes."""
    return Ear(one_process)


@pytest.fixture
def person(ear):
    """person(): a new user of that system."""
    return lambda: Client(ear.instance).register()


# ---- with the `system` of a module, if it has one ----

@pytest.fixture(scope="session")
def system(instance):
    return instance


@pytest.fixture(scope="module")
def second(system):
    """Another pushd on the same Redis and database: its port."""
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
    """The id of a room of both; its first event is the invitation of bob."""
    made = alice.room()["room_id"]
    alice.invite(made, bob)
    return made


@pytest.fixture
def new_room(alice):
    """The id of a room that nothing has happened in yet; alice is alone there."""
    return alice.room()["room_id"]


@pytest.fixture
def trio(system):
    """(alice, bob, the id of their room, of which carol is a member too, carol)"""
    alice, bob, carol = (Client(system).register() for _ in range(3))
    room = alice.room()["room_id"]
    alice.invite(room, bob)
    alice.invite(room, carol)
    return alice, bob, room, carol
