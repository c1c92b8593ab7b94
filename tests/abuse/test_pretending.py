"""Charlie calls himself what the host is called. The name is his to choose; what stands beside it is not."""

import pytest

from tests.headless.clients import together
from tests.headless.people import Beside
from tests.hostile.conftest import Clients

pytestmark = pytest.mark.journey("call")
# Cyrillic А, capitals, a zero-width joiner, a dotless i, and just the same.
LOOKALIKES = ["Аlice", "ALICE", "Ali\u200dce", "Alıce", "Alice"]


def test_whoever_takes_the_hosts_name_is_marked_and_no_host(inside: Clients, crowd: Beside) -> None:
    """JOIN-4."""
    ids = {name: crowd.ask("join", name=name)["participant"] for name in LOOKALIKES}
    together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", *LOOKALIKES])
    people = {person["participant"]: person for person in inside("Bob").look()["people"]}
    assert all(people[participant]["ambiguous"] and not people[participant]["hosting"] for participant in ids.values())
    assert [person["participant"] for person in people.values() if person["hosting"]] == [inside("Alice").participant]
    # The name alone marks the host too: people are to look twice, and then at the word beside it.
    assert people[inside("Alice").participant]["ambiguous"]
    assert not people[inside("Bob").participant]["ambiguous"]
