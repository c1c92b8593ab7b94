"""SAY-3, SAY-5, SAY-6 and franking: what the gateway relays, and what it can prove later."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from conclave.kernel import b64, clock
from conclave.keys import delivery, franking, groups, read
from conclave.keys.franking import Relayed, Tag
from conclave.keys.models import Said
from tests.keys.members import Member, World, settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep franking keys in a folder of this test."""
    monkeypatch.setattr(franking, "_folder", lambda: tmp_path / "franking")


def say(member: Member, text: str, now: int) -> tuple[str, int]:
    """Say something; return the message and its index."""
    sealed = str(member.mls.call("seal", content=json.dumps({"kind": "chat", "text": text}, separators=(",", ":")))["message"])
    return sealed, delivery.say(
        call=member.world.call,
        meeting=member.world.meeting,
        participant=member.participant,
        incarnation=member.incarnation,
        message=sealed,
        now=now,
    )


def test_a_message_gets_an_index_and_a_tag_that_verifies(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice, bob], now)
    sealed, index = say(alice, "one", now)
    assert (index, say(bob, "two", now)[1]) == (0, 1)
    view = read.latest(call=world.call)
    assert view is not None
    item = json.loads(read.said(pk=view.pk, start=0)[0])
    with groups.checker() as instance:
        commitment = b64.decode(instance.message_header(message=sealed).authenticated_data)
    relayed = Relayed(
        commitment=commitment,
        message_hash=hashlib.sha256(b64.decode(sealed)).digest(),
        meeting=world.meeting,
        participant=alice.participant,
        received=now,
    )
    tag = Tag(kid=item["kid"], tag=item["tag"])
    assert franking.frank(relayed=relayed) == tag
    forged = Relayed(commitment=commitment, message_hash=bytes(32), meeting=world.meeting, participant=alice.participant, received=now)
    assert franking.frank(relayed=forged) != tag
    opened = bob.mls.call("open_message", message=item["message"], participant=item["participant"])
    assert b64.decode(str(opened["commitment"])) == commitment


def test_another_groups_message_is_refused(world: World, now: int) -> None:
    """SAY-6."""
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now)
    with pytest.raises(delivery.BadMessage):
        delivery.say(
            call=world.call,
            meeting=world.meeting,
            participant=alice.participant,
            incarnation=bob.participant,
            message=say(alice, "x", now)[0],
            now=now,
        )


def test_who_has_no_leaf_says_nothing(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now)
    bob.arrive(now)
    sealed, _ = say(alice, "one", now)
    with pytest.raises(delivery.NotLive):
        delivery.say(
            call=world.call, meeting=world.meeting, participant=bob.participant, incarnation=alice.incarnation, message=sealed, now=now
        )


def test_what_was_said_goes_with_the_call(world: World, now: int) -> None:
    alice = Member(world, "Alice")
    settled([alice], now)
    say(alice, "one", now)
    delivery.close(call=world.call, now=now)
    assert not Said.objects.exists()


def test_keys_are_private_monthly_and_destroyed(tmp_path: Path) -> None:
    january = 1_768_435_200_000  # 15 January 2026
    relayed = Relayed(commitment=bytes(32), message_hash=bytes(32), meeting="m", participant="p", received=january)
    tag = franking.frank(relayed=relayed)
    assert tag.kid == "2026-01"
    path = tmp_path / "franking" / "2026-01.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert franking.destroy_old(now=january + 90 * clock.DAY) == []
    assert franking.frank(relayed=relayed) == tag
    assert franking.destroy_old(now=january + 108 * clock.DAY) == ["2026-01"]
    assert franking.frank(relayed=relayed) != tag, "a destroyed key does not come back"


def test_the_hmac_that_tags_are_made_with_is_right() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "wycheproof" / "hmac_sha256.json").read_text(encoding="utf-8"))
    assert len(vectors["tests"]) == 87
    for case in vectors["tests"]:
        key, message, tag = (bytes.fromhex(case[name]) for name in ("key", "msg", "tag"))
        assert (hmac.digest(key, message, "sha256") == tag) == case["valid"], case
