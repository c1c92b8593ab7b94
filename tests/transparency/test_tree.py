"""The tree over the ledger: whatever is appended, its tiles, roots and proofs are those of RFC 6962 (LEDG-2, LEDG-3)."""

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conclave.transparency import tree
from conclave.transparency.ledger import Draft, append, append_all
from conclave.transparency.models import Head, LedgerEntry, TreeTile
from conclave.transparency.tree import LedgerForked
from conclave_verify import merkle, tile
from conclave_verify.tile import Tile
from tests.conftest import longer


def fill(count: int) -> None:
    append_all(drafts=[Draft(kind="ORDER", fields={"n": number}) for number in range(count)], now=1)


def hashes() -> list[bytes]:
    return [merkle.leaf_hash(leaf.encode()) for leaf in LedgerEntry.objects.order_by("index").values_list("leaf", flat=True)]


class TestGrowing(TestCase):
    """Growth in steps of any size."""

    @given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.data())
    @examples(max_examples=longer(15))
    def test_ledg_2_the_tree_is_the_same_however_it_grew(self, steps: list[int], data: st.DataObject) -> None:
        for step in steps:
            fill(step)
            assert tree.grow() == LedgerEntry.objects.count()
        leaves = hashes()
        size = len(leaves)
        old = data.draw(st.integers(0, size))
        index = data.draw(st.integers(0, size - 1))
        assert tree.root(at=size) == merkle.fold(leaves)
        assert tree.root(at=old) == merkle.fold(leaves[:old])
        merkle.check_inclusion(
            leaf=leaves[index], index=index, size=size, proof=tree.inclusion(index=index, at=size), root=merkle.fold(leaves)
        )
        ways = tree.consistency(old=old, at=size)
        merkle.check_consistency(old=old, size=size, proof=ways, old_root=merkle.fold(leaves[:old]), root=merkle.fold(leaves))

    @given(st.integers(1, 600))
    @examples(max_examples=longer(10))
    def test_ledg_3_every_tile_holds_what_it_must(self, size: int) -> None:
        fill(size)
        tree.grow()
        leaves = hashes()
        for one in tile.tiles(size, level=0):
            assert tree.content(wanted=one) == b"".join(leaves[one.number * 256 :][: one.width])
        for one in tile.tiles(size, level=1):
            assert tree.content(wanted=one) == b"".join(merkle.fold(leaves[at * 256 :][:256]) for at in range(one.width))
        for one in tile.tiles(size, level=None):
            found = tile.entries(tree.content(wanted=one) or b"")
            assert [merkle.leaf_hash(entry) for entry in found] == leaves[one.number * 256 :][: one.width]


@pytest.mark.django_db
def test_ledg_3_what_is_not_in_the_tree_is_not_there() -> None:
    assert tree.grow() == 0
    assert tree.content(wanted=Tile(0, 0, 1)) is None
    fill(300)
    assert tree.content(wanted=Tile(None, 0)) is None, "appended, and not in the tree yet"
    tree.grow()
    assert tree.content(wanted=Tile(0, 1, 44)) is not None
    assert tree.content(wanted=Tile(0, 1, 45)) is None
    assert tree.content(wanted=Tile(0, 1, 3)) == (tree.content(wanted=Tile(0, 1, 44)) or b"")[:96]
    assert tree.content(wanted=Tile(1, 0, 2)) is None
    assert tree.content(wanted=Tile(5, 0, 1)) is None


@pytest.mark.django_db
def test_a_large_ledger_is_taken_in_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_AT_ONCE", 100)
    fill(555)
    assert tree.grow() == 555
    assert tree.root(at=555) == merkle.fold(hashes())


@pytest.mark.django_db
def test_ledg_4_a_missing_entry_is_noticed_before_it_is_hashed() -> None:
    fill(5)
    LedgerEntry.objects.get(index=3).openings.all().delete()
    LedgerEntry.objects.filter(index=3).delete()
    with pytest.raises(LedgerForked):
        tree.grow()


@pytest.mark.django_db
def test_ledg_4_a_ledger_that_became_shorter_is_not_hashed() -> None:
    fill(5)
    tree.grow()
    Head.objects.filter(chain="ledger").update(size=4)
    with pytest.raises(LedgerForked):
        tree.grow()


@pytest.mark.django_db
def test_a_missing_tile_is_noticed() -> None:
    fill(300)
    tree.grow()
    TreeTile.objects.filter(level=0, number=0).delete()
    assert tree.root(at=300) == merkle.fold(hashes()), "the level above has its hash"
    TreeTile.objects.filter(level=1).delete()
    with pytest.raises(LedgerForked):
        tree.root(at=300)


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_in_the_tree_when_it_is_committed() -> None:
    with transaction.atomic():
        append(kind="ORDER", fields={}, now=1)
        transaction.set_rollback(True)
    assert tree.grow() == 0
    with transaction.atomic():
        append(kind="ORDER", fields={}, now=1)
    assert tree.grow() == tree.size() == 1
