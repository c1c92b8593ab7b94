"""The log signs only what continues what it has signed (LEDG-4)."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from conclave.transparency import checkpoints, tree, witnesses
from conclave.transparency.cosigner import Cosigner
from conclave.transparency.ledger import Draft, append_all
from conclave.transparency.models import Checkpoint, Head, LedgerEntry, Opening, TreeTile, Witness
from conclave.transparency.tree import LedgerForked
from conclave_verify import checkpoint as told
from conclave_verify import note
from conclave_verify.merkle import leaf_hash
from tests.transparency.conftest import NOW

pytestmark = pytest.mark.django_db


def fill(count: int) -> None:
    append_all(drafts=[Draft(kind="ORDER", fields={"n": number}) for number in range(count)], now=NOW)


def test_ledg_4_a_checkpoint_is_a_signed_note_under_the_servers_address() -> None:
    assert checkpoints.make(now=NOW) is None
    fill(3)
    made = checkpoints.make(now=NOW)
    assert made is not None
    read = note.parse(checkpoints.signed(checkpoint=made).encode())
    assert note.signed_at(read, note.parse_vkey(witnesses.key().vkey)) == 0
    assert told.parse(read.text) == told.Checkpoint("meet.example/transparency", 3, tree.root(at=3))


def test_ledg_4_what_was_signed_is_not_signed_again() -> None:
    fill(3)
    first = checkpoints.make(now=NOW)
    assert checkpoints.make(now=NOW + 1) == first
    fill(1)
    second = checkpoints.make(now=NOW + 2)
    assert second is not None
    assert second.size == 4
    assert checkpoints.newest() == second
    assert not checkpoints.trouble()


def test_ledg_4_the_key_is_the_servers_own_and_stays(state: Path) -> None:
    first = witnesses.key()
    assert stat.S_IMODE((state / "ledger.key").stat().st_mode) == 0o600
    assert witnesses.key() == first
    assert (state / "ledger.key").read_text(encoding="ascii") not in first.vkey


def test_ledg_4_a_tree_that_was_changed_is_not_signed() -> None:
    fill(3)
    checkpoints.make(now=NOW)
    row = TreeTile.objects.get(level=0, number=0)
    row.hashes = leaf_hash(b"another") + bytes(row.hashes)[32:]
    row.save()
    fill(1)
    with pytest.raises(LedgerForked):
        checkpoints.make(now=NOW)
    assert Checkpoint.objects.count() == 1
    assert checkpoints.trouble()


def test_ledg_4_a_ledger_that_was_cut_is_not_signed() -> None:
    fill(3)
    checkpoints.make(now=NOW)
    Head.objects.update(size=2)
    with pytest.raises(LedgerForked):
        checkpoints.make(now=NOW)
    assert checkpoints.trouble()


def forget(count: int) -> None:
    """Put an older copy of the database back, of so many entries."""
    Checkpoint.objects.filter(size__gt=count).delete()
    Opening.objects.filter(entry_id__gte=count).delete()
    LedgerEntry.objects.filter(index__gte=count).delete()
    TreeTile.objects.all().delete()
    Head.objects.filter(chain="ledger").update(size=count)
    Head.objects.filter(chain="tree").delete()


def test_ledg_4_what_this_machine_has_signed_it_remembers_beside_the_database() -> None:
    fill(2)
    checkpoints.make(now=NOW)
    fill(2)
    checkpoints.make(now=NOW)
    forget(2)
    fill(2)
    with pytest.raises(LedgerForked):
        checkpoints.make(now=NOW)
    assert checkpoints.trouble()


def test_ledg_4_a_memory_that_cannot_be_read_lets_nothing_be_signed(state: Path) -> None:
    fill(1)
    checkpoints.make(now=NOW)
    assert stat.S_IMODE((state / "ledger.signed").stat().st_mode) == 0o600
    (state / "ledger.signed").write_text("{}", encoding="utf-8")
    fill(1)
    with pytest.raises(LedgerForked):
        checkpoints.make(now=NOW)
    assert checkpoints.trouble()


def test_ledg_4_a_second_machine_with_a_key_of_its_own_signs_nothing(settings: Settings, tmp_path: Path) -> None:
    fill(1)
    checkpoints.make(now=NOW)
    fill(1)
    first = settings.CONCLAVE
    settings.CONCLAVE = replace(first, state_dir=tmp_path / "second")
    with pytest.raises(checkpoints.OtherKey) as raised:
        checkpoints.make(now=NOW)
    assert raised.value.code == "ledger_key"
    assert checkpoints.trouble()
    settings.CONCLAVE = first
    assert not checkpoints.trouble()
    made = checkpoints.make(now=NOW)
    assert made is not None
    assert made.size == 2


@pytest.mark.usefixtures("own_one")
def test_ledg_4_a_new_log_begins_when_whoever_runs_the_server_says_so(settings: Settings, tmp_path: Path) -> None:
    fill(3)
    old = checkpoints.make(now=NOW)
    assert old is not None
    forget(2)
    settings.CONCLAVE = replace(settings.CONCLAVE, state_dir=tmp_path / "restored")
    Witness.objects.create(vkey="w", size=3, failure="ahead")
    (tmp_path / "restored").mkdir()
    (tmp_path / "restored" / "ledger.anew").touch()
    assert not checkpoints.trouble()
    made = checkpoints.make(now=NOW)
    assert made is not None
    assert (made.size, made.log == old.log) == (2, False)
    assert not (tmp_path / "restored" / "ledger.anew").exists()
    assert Witness.objects.get().failure == ""
    fill(1)
    again = checkpoints.make(now=NOW)
    assert again is not None
    assert again.log == made.log


def test_ledg_4_a_new_log_that_was_asked_for_without_a_new_key_is_none(state: Path) -> None:
    fill(1)
    first = checkpoints.make(now=NOW)
    (state / "ledger.anew").touch()
    assert checkpoints.make(now=NOW) == first
    assert not (state / "ledger.anew").exists()


@pytest.mark.parametrize("failure", ["ahead", "forked"])
def test_ledg_4_while_a_witness_contradicts_nothing_new_is_signed(failure: str, own_one: Cosigner) -> None:
    fill(2)
    first = checkpoints.make(now=NOW)
    Witness.objects.create(vkey=own_one.key.vkey, failure=failure)
    fill(1)
    assert checkpoints.make(now=NOW) == first, "it is asked again about what was signed before"
    assert checkpoints.trouble()
    Witness.objects.update(failure="")
    made = checkpoints.make(now=NOW)
    assert made is not None
    assert made.size == 3
    Witness.objects.update(failure=failure)
    Checkpoint.objects.all().delete()
    fill(1)
    with pytest.raises(LedgerForked):
        checkpoints.make(now=NOW)


def test_a_server_that_moved_signs_under_its_new_address(settings: Settings) -> None:
    fill(3)
    first = checkpoints.make(now=NOW)
    settings.CONCLAVE = replace(settings.CONCLAVE, public_url="https://new.example:8443")
    second = checkpoints.make(now=NOW)
    assert first is not None
    assert second is not None
    assert (first.size, first.root) == (second.size, second.root)
    assert second.note.startswith("new.example:8443/transparency\n3\n")
    assert checkpoints.newest() == second
