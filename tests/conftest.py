"""Rules that hold for every test of this project."""

import pytest

pytest_plugins = ["tests.journeys.fixtures"]
ALLOWED_SKIP = "not run: no Rust"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which a test was skipped: what was not tried is not known to work; only Rust may be missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus != pytest.ExitCode.OK or reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if ALLOWED_SKIP not in str(report.longrepr)]
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
