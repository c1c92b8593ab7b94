"""Go's golang.org/x/mod/sumdb, which others wrote, finds the same roots and proofs and accepts our notes (LEDG-2, LEDG-4)."""

import json
import subprocess
from typing import Any

import pytest

from conclave_verify import merkle, note, tile
from conclave_verify.note import SIGNS, Key
from deploy.build import BUILDS, TLOG
from tests.verify.trees import LOG, Log, node_of, private, signed

pytestmark = pytest.mark.slow
SIZE = 70
ENTRIES = [bytes([number]) * number for number in range(SIZE)]


def tlog(*words: str, given: bytes) -> dict[str, Any]:
    """Return what the program says."""
    BUILDS["tlog"]()
    told = subprocess.run([str(TLOG), *words], input=given, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr.decode()
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_ledg_2_roots_and_proofs_are_those_of_sumdb_at_every_size() -> None:
    found = tlog("proofs", given=tile.bundle(ENTRIES))
    hashes = [merkle.leaf_hash(entry) for entry in ENTRIES]
    node = node_of(hashes)
    assert found["roots"] == [merkle.fold(hashes[:size]).hex() for size in range(SIZE + 1)]
    for size in range(1, SIZE + 1):
        for index in range(size):
            assert found["records"][f"{size}/{index}"] == [one.hex() for one in merkle.inclusion_proof(index, size, node)]
            assert found["trees"][f"{size}/{index + 1}"] == [one.hex() for one in merkle.consistency_proof(index + 1, size, node)]


def test_ledg_4_a_checkpoint_is_a_note_to_sumdb_too() -> None:
    told = Log(ENTRIES).checkpoint()
    found = tlog("note", LOG.vkey, given=signed(told).encode())
    assert found == {"text": told.text, "unverified": 2}
    assert note.parse_vkey(LOG.vkey) == Key(LOG.name, SIGNS, private(LOG.name).public_key().public_bytes_raw())
