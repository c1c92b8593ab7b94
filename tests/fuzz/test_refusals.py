"""The whole stack, given anything: an answer of the protocol every time, and no row changed by what was refused (JOIN-3, LOG-6)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conclave.kernel import b64, clock, limits
from conclave.kernel.errors import Refused
from conclave.keys import delivery, groups
from conclave.keys import read as reading
from conclave.keys.settle import settle
from conclave.meetings.models import Meeting
from tests.conftest import longer
from tests.fuzz.corpora import bent, bent_json, data_of, kept
from tests.keys.members import Member, new_world, run, settled, view_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
EXAMPLES = 150
fuzzed = settings(max_examples=longer(EXAMPLES), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
OURS = ("accounts", "gate", "kernel", "keys", "meetings", "transparency")
# The end of a commit: confirmation and membership tag, which only members can check, and nack.
TAGS = 66
# What a refused commit may do: its holder's turn is over (LOG-11).
TURNS = {"next_lease_at", "due_at"}


@pytest.fixture(autouse=True)
def meeting() -> Meeting:
    """The meeting that the corpora speak of."""
    first = json.loads(kept("join_bodies")[0])
    return Meeting.objects.create(
        id=first["meeting"], title="Plans", link_id=first["link_id"], host_hash=first["meeting"], created_at=clock.now()
    )


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return everything that is stored, but for whose turn it is."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            stored = model._default_manager.order_by("pk").values()
            found[model._meta.label] = [{name: value for name, value in row.items() if name not in TURNS} for row in stored]
    found.pop("keys.Lease")
    return found


def sound(answer: Any, before: dict[str, list[dict[str, Any]]]) -> None:
    """Whatever was asked: our words, no bug of ours, and nothing changed by a refusal."""
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"code", "message"}
        assert rows() == before


def each(*names: str) -> Callable[..., Callable[..., None]]:
    """Run a test with every kept body, before anything random."""

    def wrap(test: Callable[..., None]) -> Callable[..., None]:
        for name in names:
            for body in kept(name):
                test = example(path=PATHS[name], body=body)(test)
        return test

    return wrap


PATHS = {"join_bodies": "/join", "lobby_bodies": "/lobby", "meeting_bodies": "/meetings"}


@fuzzed
@each(*PATHS)
@given(path=st.sampled_from(sorted(PATHS.values())), body=st.one_of([bent_json(name) for name in PATHS]))
def test_any_body_is_answered_and_a_refusal_changes_nothing(client: Client, path: str, body: str) -> None:
    """ENC-1, JOIN-3."""
    limits.LIMITER._buckets.clear()
    before = rows()
    sound(client.post(f"/api/v1{path}", data_of(body), content_type="application/json"), before)


@fuzzed
@given(bent("base64"), bent("base64"), bent("origins"))
def test_any_header_is_answered(client: Client, digest: str, seat: str, origin: str) -> None:
    """JOIN-3: an Origin that is not even an address is another one."""
    limits.LIMITER._buckets.clear()
    before = rows()
    seat, origin = (text.encode("latin-1", "replace").decode("latin-1") for text in (seat, origin))
    path = f"/api/v1/trees/{quote(digest.encode('utf-8', 'replace'), safe='')}"
    answer = client.get(path, headers={"Conclave-Seat": f"{seat}.{seat}", "Origin": origin})
    assert answer.status_code < 500
    assert rows() == before


@fuzzed
@given(bent("paths"), bent("queries"))
def test_no_path_below_media_opens_anything(client: Client, path: str, query: str) -> None:
    """JOIN-9."""
    before = rows()
    address = "/media" + quote(path.encode("utf-8", "replace")).removeprefix("/media")
    answer = client.get(address, QUERY_STRING=query.encode("ascii", "replace").decode())
    assert answer.status_code in {301, 400, 403, 404, 503}
    assert answer.status_code in {400, 403} or not address.startswith("/media/")
    assert rows() == before


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A live call: Alice has a lease, Dora waits, and each of the messages that may be bent, as honest people would send it."""

    alice: Member
    dora: Member
    commit: delivery.Commit
    key_package: str
    mac: str
    message: str
    group_info: str
    tree: str


@pytest.fixture
def table() -> Iterator[Table]:
    """Alice and Bob are in a call; Charlie has just left it."""
    now = clock.now()
    world = new_world()
    alice, bob, charlie, dora = (Member(world, name) for name in ("Alice", "Bob", "Charlie", "Dora"))
    settled([alice, bob, charlie], now)
    sealed = alice.mls.call("seal", content='{"kind":"chat","text":"hello"}')
    alice.lazy = True
    charlie.leave(now + 2_000)
    settle(now + 2_100)
    run([alice, bob], now + 2_100)
    dora.arrive(now + 2_200)
    made = dora.key_package(alice.incarnation)
    offer = next(one for one in reading.offers(pk=view_of(world).pk, epoch=view_of(world).epoch) if one.holder == alice.participant)
    draft = alice.draft(offer)
    created = Member(world, "Erin").create(alice.incarnation)
    yield Table(
        alice=alice,
        dora=dora,
        commit=draft,
        key_package=str(made["key_package"]),
        mac=str(made["mac"]),
        message=str(sealed["message"]),
        group_info=str(created["group_info"]),
        tree=str(created["tree"]),
    )
    groups._groups.clear()


def bend(text: str, at: int, piece: bytes, cut: int, *, spare: int = 0) -> str:
    """Change some bytes of a b64 value, but for the last `spare` ones."""
    data = b64.decode(text)
    at %= len(data) - spare - cut
    return b64.encode(data[:at] + piece + data[at + cut :]) or "AA"


@fuzzed
@given(
    what=st.sampled_from(["announce", "mac", "say", "commit", "welcomes", "create"]),
    at=st.integers(0, 2**16),
    piece=st.binary(max_size=6),
    cut=st.integers(0, 6),
)
def test_a_bent_message_of_the_group_is_refused_and_changes_nothing(table: Table, what: str, at: int, piece: bytes, cut: int) -> None:
    """LOG-3, LOG-6, SAY-6."""
    now = clock.now()
    call, meeting = table.alice.world.call, table.alice.world.meeting
    where: dict[str, Any] = {"call": call, "meeting": meeting, "incarnation": table.alice.incarnation, "now": now}
    bent_commit = bend(table.commit.commit, at, piece, cut, spare=TAGS)
    acts: dict[str, Callable[[], object]] = {
        "announce": lambda: delivery.announce(
            participant=table.dora.participant, key_package=bend(table.key_package, at, piece, cut), mac=table.mac, **where
        ),
        # Signed with another key than the seat's: the gateway cannot check a MAC, and this it can.
        "mac": lambda: delivery.announce(
            participant=table.alice.participant, key_package=table.key_package, mac=bend(table.mac, at, piece, cut), **where
        ),
        "say": lambda: delivery.say(participant=table.dora.participant, message=bend(table.message, at, piece, cut), **where),
        "commit": lambda: delivery.commit(
            call=call,
            participant=table.alice.participant,
            commit=replace(table.commit, commit=bend(table.commit.commit, at, piece, cut)),
            now=now,
        ),
        "welcomes": lambda: delivery.commit(
            call=call, participant=table.alice.participant, commit=replace(table.commit, welcomes={table.dora.participant: "AAAA"}), now=now
        ),
        "create": lambda: delivery.create(
            call=call,
            participant=table.alice.participant,
            incarnation=table.alice.incarnation,
            group_info=bend(table.group_info, at, piece, cut),
            tree=table.tree,
            now=now,
        ),
    }
    if bent_commit == table.commit.commit or bend(table.key_package, at, piece, cut) == table.key_package:
        return
    before = rows()
    with pytest.raises(Refused) as refused:
        acts[what]()
    assert refused.value.code in {"bad_key_package", "bad_message", "bad_group", "not_live", "refused"}
    if isinstance(refused.value, delivery.CommitRefused):
        assert refused.value.reason != "stopped"
    assert rows() == before
