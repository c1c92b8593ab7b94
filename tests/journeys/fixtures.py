"""What the journeys share: one installation, one browser process per person, and the rules that every journey keeps.

A plugin (tests/conftest.py names it), so that journeys/ and hostile/ use the same running installation.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.accounts.nameserver import NameServer, name_servers
from tests.journeys.browsers import ChromiumProcess, Firefox
from tests.journeys.people import Owner, Person
from tests.journeys.pictures import LOOKS
from tests.journeys.world import Installation, installation

IDS = (
    "run",
    "owner",
    "lobby",
    "call",
    "padlock",
    "reasons",
    "roles",
    "lock",
    "suspend",
    "rights",
    "knock",
    "presets",
    "who",
    "strict",
    "ban",
    "links",
    "attendance",
    "help",
    "account",
    "inventory",
    "organisation",
    "claim",
    "directory",
    "policy",
    "meetings",
    "staff",
    "school",
    "sso",
    "api",
    "keyring",
    "trust",
    "regions",
    "seen",
    "receipt",
    "ledger",
    "report",
    "desk",
    "measure",
    "restore",
    "inform",
    "glass",
)
PASSED = pytest.StashKey[set[str]]()
HERE = Path(__file__).resolve().parent

Invite = Callable[..., Person]


def pytest_configure(config: pytest.Config) -> None:
    """Keep which ids have a passing journey."""
    config.stash[PASSED] = set()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Know every journey's id, and judge the ids when all others have run."""
    for item in items:
        mark = item.get_closest_marker("journey")
        if mark is not None:
            assert set(mark.args) <= set(IDS), f"{item.nodeid}: unknown journey {mark.args}"
    items.sort(key=lambda item: item.path.name == "test_ids.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note which ids a passing journey showed; turn a skip into a failure and keep a picture of every window after a failure."""
    report = yield
    mark = item.get_closest_marker("journey")
    if report.skipped and mark:
        report.outcome = "failed"
        report.longrepr = f"a journey may not be skipped: {report.longrepr}"
    if call.when == "call" and report.failed:
        for name, people in getattr(item, "funcargs", {}).items():
            if isinstance(people, Guests):
                report.sections.append(("windows", people.pictures(f"{item.name}-{name}")))
    if mark and call.when == "call" and report.passed:
        item.config.stash[PASSED].update(mark.args)
    return report


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def running_names() -> Iterator[list[NameServer]]:
    """Two name servers, which know nothing of any domain but what a test puts there."""
    with name_servers(2) as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, running_names: list[NameServer]) -> Iterator[Installation]:
    """One running installation for all journeys that do not need their own."""
    resolvers = ", ".join(f"127.0.0.1:{one.port}" for one in running_names)
    running = installation(
        tmp_path_factory.mktemp("server") / "var", extra={"CONCLAVE_RESOLVERS": resolvers, "CONCLAVE_SSO_NETWORKS": "127.0.0.1/32"}
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Chromiums:
    """One Chromium process per person, started when first needed."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self.playwright = playwright
        self.folder = folder
        self._running: dict[str, ChromiumProcess] = {}

    def of(self, who: str) -> ChromiumProcess:
        """Return that person's."""
        if who not in self._running:
            self._running[who] = ChromiumProcess(self.playwright, self.folder, who)
        return self._running[who]

    def close(self) -> None:
        """End all."""
        for process in self._running.values():
            process.close()


@pytest.fixture(scope="session")
def chromiums(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromiums]:
    """Everybody's browser process."""
    running = Chromiums(playwright, tmp_path_factory.mktemp("devices"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def owner(server: Installation, chromiums: Chromiums) -> Iterator[Owner]:
    """Alice, who opened the owner link and has an account; her window stays, as her links are kept in it."""
    person = Owner("Alice", chromiums.of("Alice").window(init_script=Owner.COPIES, permissions=Owner.MAY), server=server)
    person.use_owner_link()
    yield person
    person.browser.close()


class Guests:
    """Invites people into windows of their own and, at the end, holds every window to what no journey may do."""

    def __init__(self, chromiums: Chromiums, server: Installation) -> None:
        self._chromiums = chromiums
        self._server = server
        self.present: list[Person] = []

    def __call__(self, who: str, **window: object) -> Person:
        """Open a window for a person; `window` is what ChromiumProcess.window takes."""
        person = Person(who, self._chromiums.of(who).window(**window), server=self._server)  # type: ignore[arg-type]  # passed on as given
        self.present.append(person)
        return person

    def firefox(self, who: str = "Fanny") -> Person:
        """Start a stock Firefox for a person."""
        person = Person(who, Firefox(tone=LOOKS[who].tone), server=self._server)
        self.present.append(person)
        return person

    def pictures(self, name: str) -> str:
        """Keep a picture of every window and say where."""
        folder = HERE.parents[1] / "test-results"
        folder.mkdir(exist_ok=True)
        said = []
        for index, person in enumerate(self.present):
            path = folder / f"{name.replace('/', '_')}-{index}-{person.name}.png"
            try:
                person.browser.screenshot(path)
                said.append(f"{path}\n   {person.browser.address()}\n   {person.browser.problems()}\n   {person.text()[:1500]}")
            except Exception as error:  # noqa: BLE001 - a window that is gone must not hide why the journey failed
                said.append(f"{path}: {error}")
        return "\n".join(said)

    def leave(self) -> None:
        """Close all windows, then hold them to the rules."""
        faults = []
        for person in self.present:
            try:
                faults += person.faults()
            finally:
                person.browser.close()
        assert not faults, faults


@pytest.fixture
def people(chromiums: Chromiums, server: Installation) -> Iterator[Guests]:
    """The people of one journey."""
    guests = Guests(chromiums, server)
    yield guests
    guests.leave()


@pytest.fixture
def host(owner: Owner, people: Guests) -> Person:
    """Alice in another window of the device that holds her host keys, not yet in a call."""
    person = Person("Alice", owner.chromium.sibling(), server=owner.server)
    people.present.append(person)
    return person


@pytest.fixture
def alice(host: Person, meeting: str) -> Person:
    """Alice in the call, as host."""
    host.join(meeting)
    return host


@pytest.fixture
def meeting(owner: Owner, request: pytest.FixtureRequest) -> str:
    """The link of a new meeting of Alice's."""
    return owner.make_meeting(request.node.name[:60])
