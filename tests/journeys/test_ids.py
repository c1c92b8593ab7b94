"""Every id of "What people get" has a journey that passed in this run."""

import pytest

from tests.journeys.fixtures import IDS, PASSED


@pytest.mark.journey
@pytest.mark.parametrize("name", IDS)
def test_the_id_has_a_passing_journey(name: str, request: pytest.FixtureRequest) -> None:
    assert name in request.config.stash[PASSED], f"no journey marked '{name}' passed"
