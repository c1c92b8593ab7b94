"""Sealed leaves open field by field, and only with what belongs to them; the vectors are shared with the verifier."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conclave.kernel.errors import Malformed
from conclave.transparency.sealing import FieldOpening, chain, commitment, opens, seal

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "ledger.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["fields"], ids=lambda vector: vector["field"])
def test_commitments_match_the_vectors(vector: dict[str, Any]) -> None:
    assert commitment(field=vector["field"], salt=bytes.fromhex(vector["salt"]), value=vector["value"]) == vector["commitment"]


@pytest.mark.parametrize("vector", VECTORS["leaves"], ids=lambda vector: vector["kind"])
def test_leaves_match_the_vectors(vector: dict[str, Any]) -> None:
    salts: Iterator[bytes] = iter(bytes.fromhex(salt) for salt in vector["salts"])
    sealed = seal(kind=vector["kind"], obj=vector["obj"], prev=vector["prev"], fields=vector["fields"], new_salt=lambda _size: next(salts))
    assert sealed.leaf.decode() == vector["leaf"]
    assert all(opens(leaf=sealed.leaf, opening=opening) for opening in sealed.openings)


def test_the_chain_matches_the_vectors() -> None:
    tip = ""
    for step in VECTORS["chain"]:
        tip = chain(before=tip, leaf=step["leaf"].encode())
        assert tip == step["after"]


def test_nothing_but_the_type_can_be_read() -> None:
    leaf = seal(kind="ORDER", obj="A" * 22, prev=None, fields={"territory": "CN", "dummy": False}).leaf.decode()
    assert "CN" not in leaf
    assert sorted(json.loads(leaf)) == ["obj", "prev", "sealed", "type", "v"]


def test_equal_values_do_not_look_equal() -> None:
    first, second = (seal(kind="ORDER", obj="A" * 22, prev=None, fields={"territory": "CN"}).leaf for _ in range(2))
    assert first != second


def test_an_opening_of_something_else_does_not_open() -> None:
    sealed = seal(kind="ORDER", obj="A" * 22, prev=None, fields={"territory": "CN", "kind": "act"})
    kind, territory = sealed.openings
    assert not opens(leaf=sealed.leaf, opening=FieldOpening("territory", territory.salt, "HK"))
    assert not opens(leaf=sealed.leaf, opening=FieldOpening("territory", kind.salt, "CN"))
    assert not opens(leaf=sealed.leaf, opening=FieldOpening("kind", territory.salt, "CN"))
    assert not opens(leaf=sealed.leaf, opening=FieldOpening("day", territory.salt, "CN"))
    assert not opens(leaf=sealed.leaf, opening=FieldOpening("territory", territory.salt, None))


@pytest.mark.parametrize("value", [1.5, "x" * 70_000])
def test_what_cannot_be_logged_is_refused(value: object) -> None:
    fields = {"value": value} if isinstance(value, float) else {str(number) * 600: 1 for number in range(1000)}
    with pytest.raises(Malformed):
        seal(kind="ORDER", obj="A" * 22, prev=None, fields=fields)
