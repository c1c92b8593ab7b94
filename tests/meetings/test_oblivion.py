"""When a call is over, nobody's name is on the disk any more: in no row, no freed page and no write-ahead log (docs/decisions/0004)."""

from pathlib import Path

import pytest
from django.db import connection

from conclave.kernel import clock, oblivion
from conclave.keys.threads import in_thread
from conclave.meetings.models import Call
from tests.journeys.canaries import found_in, of_text
from tests.keys.members import World
from tests.meetings.sockets import Guest, together
from tests.meetings.test_consumers import _gateway, world

__all__ = ["_gateway", "world"]
pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 8


def named(names: list[str]) -> dict[str, set[str]]:
    """Return which file of the database holds whose name, in whatever shape."""
    database = Path(str(connection.settings_dict["NAME"]))
    needles = {name: of_text(name) for name in names}
    found = {path.name: found_in(path.read_bytes(), needles) for path in database.parent.glob(f"{database.name}*")}
    return {file: here for file, here in found.items() if here}


async def test_an_ended_call_leaves_nobodys_name_on_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    just_cut = clock.Seldom(every_ms=oblivion.EVERY_MS)
    assert just_cut.due(now=clock.now())
    monkeypatch.setattr(oblivion, "_cutting", just_cut)
    names = [f"Canary Number-{number:03d}" for number in range(PEOPLE)]
    guests = [Guest(world, name, host=name == names[0]) for name in names]
    alice = guests[0]
    await alice.found()
    for guest in guests[1:]:
        await guest.enter()
    await together(*guests, names=set(names))
    assert set.union(*named(names).values()) == set(names)
    word = alice.mind.mls.call("sign_end")
    await alice.tell(t="end", signature=word["signature"])
    await alice.until("gone")
    assert await Call.objects.filter(ended_at=None).acount() == 0
    await in_thread(oblivion.settle_oblivion, clock.now() + oblivion.EVERY_MS)
    assert named(names) == {}
