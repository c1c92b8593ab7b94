"""Tiles and bundles: one name for each, exact contents (LEDG-3)."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave_verify import merkle, tile
from conclave_verify.merkle import Wrong
from conclave_verify.tile import Tile, parse_path
from tests.conftest import longer


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("0/000", Tile(0, 0)),
        ("0/x001/x234/067", Tile(0, 1_234_067)),
        ("entries/x001/000.p/7", Tile(None, 1000, 7)),
        ("5/000.p/255", Tile(5, 0, 255)),
    ],
)
def test_ledg_3_tiles_are_named_as_c2sp_names_them(path: str, wanted: Tile) -> None:
    assert parse_path(path) == wanted
    assert wanted.path == f"tile/{path}"


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "0/", "0/0", "0/00", "0/0000", "00/000", "01/000", "64/000", "100/000", "-1/000", "0/x000/001", "0/001/002", "0/x001",
        "0/000.p/0", "0/000.p/256", "0/000.p/257", "0/000.p/01", "0/000.p/", "0/000.p", "0/000.p/1/", "entries/000.p/+1", "Entries/000",
        "0/٠٠٠", "0/000\n", "0/../000", "0/x999/x999/x999/x999/x999/x999/999", "7/000", "63/000", "0/" + "x001/" * 50 + "001", "data/000",
    ],
)  # fmt: skip
def test_ledg_3_nothing_else_names_a_tile(path: str) -> None:
    assert parse_path(path) is None


@given(st.one_of(st.none(), st.integers(0, 6)), st.integers(0, 2**40), st.integers(1, 256))
@examples(max_examples=longer(300))
def test_ledg_3_every_name_is_read_back(level: int | None, number: int, width: int) -> None:
    one = Tile(level, number, width)
    fits = (number * 256 + width) << (8 * (level or 0)) <= 2**63
    assert parse_path(one.path.removeprefix("tile/")) == (one if fits else None)


@given(st.text(max_size=60))
@examples(max_examples=longer(300))
def test_whatever_is_asked_for_has_one_name_or_none(path: str) -> None:
    found = parse_path(path)
    assert found is None or found.path == f"tile/{path}"


def test_ledg_3_a_tree_of_70000_has_the_tiles_that_c2sp_counts() -> None:
    rows = [[one.width for one in tile.tiles(70_000, level=level)] for level in tile.levels(70_000)]
    assert rows == [[256] * 273 + [112], [256, 17], [1]]
    assert [[one.path for one in tile.tiles(256, level=level)] for level in tile.levels(256)] == [["tile/0/000"], ["tile/1/000.p/1"]]
    assert list(tile.levels(0)) == []


@given(st.lists(st.binary(max_size=300), max_size=256))
@examples(max_examples=longer(50))
def test_ledg_3_entries_come_out_of_a_bundle_as_they_went_in(entries: list[bytes]) -> None:
    assert tile.entries(tile.bundle(entries)) == entries


@given(st.binary(max_size=2000))
@examples(max_examples=longer(300))
def test_whatever_is_shown_as_a_bundle_is_one_or_is_refused(content: bytes) -> None:
    try:
        found = tile.entries(content)
    except Wrong:
        return
    assert tile.bundle(found) == content


def test_what_is_too_long_or_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        tile.bundle([b"x" * 65_536])
    for content in (b"\x00", b"\x00\x02a", tile.bundle([b""] * 257)):
        with pytest.raises(Wrong):
            tile.entries(content)
    for content in (b"x" * 31, b"", b"x" * 33):
        with pytest.raises(Wrong):
            tile.hashes(content, width=1)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 700, 65_536, 65_537, 66_000])
def test_roots_and_proofs_come_out_of_tiles(size: int) -> None:
    hashes = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    rows = [hashes]
    for _ in tile.levels(size)[1:]:
        last = rows[-1]
        rows.append([merkle.fold(last[at : at + 256]) for at in range(0, len(last) - 255, 256)])
    node = tile.node_in(lambda one: rows[one.level or 0][one.number * 256 :][: one.width])
    assert merkle.root(size, node) == merkle.fold(hashes)
    for index in {0, size // 3, size - 1}:
        proof = merkle.inclusion_proof(index, size, node)
        merkle.check_inclusion(leaf=hashes[index], index=index, size=size, proof=proof, root=merkle.fold(hashes))
    old = size // 2
    proof = merkle.consistency_proof(old, size, node)
    merkle.check_consistency(old=old, size=size, proof=proof, old_root=merkle.fold(hashes[:old]), root=merkle.fold(hashes))
