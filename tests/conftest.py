"""Rules that hold for every test of this project."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import translation
from hypothesis import HealthCheck, Phase, settings

pytest_plugins = ["tests.database", "tests.compiled", "tests.journeys.fixtures"]
ALLOWED_SKIP = "not run: no Rust"
WRITERS = 4

# So many times as many random examples, and other ones each time; with one or less, the same in every run (web/src/e2ee/testing.ts too).
TIMES = float(os.environ.get("EXAMPLES_TIMES", "1"))

# A sabotaged test only has to fail (tests/sabotage/runner.py): the smallest example that fails would take minutes to find.
PHASES = {Phase.explicit, Phase.generate} if os.environ.get("ANY_FAILURE") else set(Phase)

settings.register_profile(
    "suite",
    derandomize=TIMES <= 1,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase in PHASES],
)
settings.load_profile("suite")


def longer(examples: int) -> int:
    """Return how many examples a random test tries."""
    return max(1, round(examples * TIMES))


@pytest.fixture(autouse=True, scope="session")
def _cheap_hashes() -> None:
    """Hash passwords and passcodes as the product does, but at next to no cost: real ones take 100 MiB and a tenth of a second each."""
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


@pytest.fixture(autouse=True)
def _nothing_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin in the default language, and with nothing counted or compared: neither our rates nor allauth's, which are in the cache.

    A page that was asked for in French leaves its thread speaking French, and who guessed in one test could not sign in in the next.
    """
    translation.deactivate()
    cache.clear()
    monkeypatch.setattr("conclave.kernel.limits.LIMITER._buckets", {})
    monkeypatch.setattr("conclave.gate.approved._looked._found", {})


@pytest.fixture
def cosigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a witness have signed whatever is in the ledger."""
    monkeypatch.setattr("conclave.transparency.cosign.is_cosigned", lambda **_how: True)


@pytest.fixture(autouse=True)
def _every_engine_is_entered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger name every region's engine as the settings do, but in tests that are about that (mark `nodes`).

    A server of a test that begins with an empty database has not started as a real one does, which enters them before it serves (REG-11).
    """
    if request.node.get_closest_marker("nodes") is None:
        monkeypatch.setattr("conclave.media.nodes.entered", lambda: frozenset(one.name for one in django.CONCLAVE.all_regions))


Writers = Callable[[Callable[[], object], int], None]


@pytest.fixture
def writers() -> Writers:
    """Return a function that lets four threads do an act so many times each, every time in a transaction of its own."""

    def act(write: Callable[[], object], times: int) -> None:
        def one() -> None:
            try:
                for _ in range(times):
                    with transaction.atomic():
                        write()
            finally:
                connection.close()

        with ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(one) for _ in range(WRITERS)]:
                done.result()

    return act


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which a test was skipped: what was not tried is not known to work; only Rust may be missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus != pytest.ExitCode.OK or reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if ALLOWED_SKIP not in str(report.longrepr)]
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
