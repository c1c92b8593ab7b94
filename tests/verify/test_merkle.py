"""Trees are RFC 6962's; proofs prove what they are made for, at every size, and nothing else (LEDG-2)."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave_verify import merkle
from conclave_verify.merkle import EMPTY_ROOT, Wrong, check_consistency, check_inclusion, consistency_proof, fold, inclusion_proof
from tests.conftest import longer
from tests.verify.trees import node_of

SIZES = 70
HASHES = [merkle.leaf_hash(bytes([number])) for number in range(SIZES)]
NODE = node_of(HASHES)
ROOTS = [fold(HASHES[:size]) for size in range(SIZES + 1)]
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "ledger.json").read_text(encoding="utf-8"))


def by_definition(hashes: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962 §2.1 defines it, from above."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(hashes[:k]) + by_definition(hashes[k:])).digest()


def test_ledg_2_roots_are_as_defined_at_every_size() -> None:
    assert [by_definition(HASHES[:size]) for size in range(SIZES + 1)] == ROOTS
    assert [merkle.root(size, NODE) for size in range(SIZES + 1)] == ROOTS
    assert ROOTS[0] == EMPTY_ROOT


def test_ledg_2_roots_are_those_of_the_vectors() -> None:
    for vector in VECTORS["roots"]:
        entries = [bytes.fromhex(entry) for entry in VECTORS["tree_entries"][: vector["size"]]]
        assert fold([merkle.leaf_hash(entry) for entry in entries]).hex() == vector["root"]


def test_ledg_2_proofs_are_those_of_the_vectors() -> None:
    node = node_of([merkle.leaf_hash(bytes.fromhex(entry)) for entry in VECTORS["tree_entries"]])
    for vector in VECTORS["inclusion"]:
        assert [one.hex() for one in inclusion_proof(vector["index"], vector["size"], node)] == vector["proof"]
    for vector in VECTORS["consistency"]:
        assert [one.hex() for one in consistency_proof(vector["old"], vector["size"], node)] == vector["proof"]


@pytest.mark.parametrize("size", range(1, SIZES + 1))
def test_ledg_2_every_leaf_is_proved_to_be_where_it_is_and_nowhere_else(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, NODE)
        check_inclusion(leaf=HASHES[index], index=index, size=size, proof=proof, root=ROOTS[size])
        for other in {index - 1, index + 1, size, -1} - {index}:
            with pytest.raises(Wrong):
                check_inclusion(leaf=HASHES[index], index=other, size=size, proof=proof, root=ROOTS[size])
        with pytest.raises(Wrong):
            check_inclusion(leaf=HASHES[index], index=index, size=size, proof=[*proof, EMPTY_ROOT], root=ROOTS[size])
        if proof:
            with pytest.raises(Wrong):
                check_inclusion(leaf=HASHES[index], index=index, size=size, proof=proof[:-1], root=ROOTS[size])


@pytest.mark.parametrize("size", range(SIZES + 1))
def test_ledg_2_every_tree_is_proved_to_begin_with_each_smaller_one(size: int) -> None:
    for old in range(size + 1):
        proof = consistency_proof(old, size, NODE)
        shown: dict[str, Any] = {"old": old, "size": size, "old_root": ROOTS[old], "root": ROOTS[size]}
        check_consistency(**shown, proof=proof)
        with pytest.raises(Wrong):
            check_consistency(**shown, proof=[*proof, EMPTY_ROOT])
        for position in range(len(proof)):
            with pytest.raises(Wrong):
                check_consistency(**shown, proof=[*proof[:position], EMPTY_ROOT, *proof[position + 1 :]])
        if proof:
            with pytest.raises(Wrong):
                check_consistency(**shown, proof=proof[:-1])
        if old:
            with pytest.raises(Wrong):
                check_consistency(**{**shown, "old_root": ROOTS[old - 1]}, proof=proof)


@given(st.data())
@examples(max_examples=longer(200))
def test_ledg_2_a_tree_with_one_other_leaf_does_not_begin_with_the_old_one(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZES))
    old = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, old - 1))
    others = [*HASHES]
    others[changed] = merkle.leaf_hash(b"another")
    proof = consistency_proof(old, size, node_of(others))
    with pytest.raises(Wrong):
        check_consistency(old=old, size=size, proof=proof, old_root=ROOTS[old], root=fold(others[:size]))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=8), st.integers(-1, 2**63), st.integers(-1, 2**63))
@examples(max_examples=longer(300))
def test_whatever_is_shown_as_a_proof_is_judged_without_another_error(proof: list[bytes], index: int, size: int) -> None:
    with pytest.raises(Wrong):
        check_inclusion(leaf=EMPTY_ROOT, index=index, size=size, proof=proof, root=ROOTS[1])
    with pytest.raises(Wrong):
        check_consistency(old=index, size=size, proof=proof, old_root=ROOTS[1], root=ROOTS[2])


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="5"):
        inclusion_proof(5, 5, NODE)
    with pytest.raises(ValueError, match="6"):
        consistency_proof(6, 5, NODE)
