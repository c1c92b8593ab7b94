"""Policies: who is enough, and what is no policy (LEDG-6)."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave_verify import note, quorum, tile
from conclave_verify.note import Forged, Malformed
from conclave_verify.quorum import Unsigned, accept, parse
from tests.conftest import longer
from tests.verify.trees import LOG, ORIGIN, WITNESSES, Log, policy, policy_text, private, signed

W1, W2, W3 = WITNESSES
TOLD = Log([b"a", b"b"]).checkpoint()
KEYS = {"w1": W1, "w2": W2, "w3": W3}
LINES = [f"witness {name} {key.vkey}" for name, key in KEYS.items()]


def test_ledg_6_groups_of_groups_are_counted_as_written() -> None:
    text = "\n".join([*LINES, "group x any w1 w2", "# a remark", "  ", "group y\tall x w3", "quorum y"])
    read = parse(text.encode())
    enough = [set(some) for count in range(4) for some in combinations(KEYS, count) if read.enough({KEYS[name] for name in some})]
    assert enough == [{"w1", "w3"}, {"w2", "w3"}, {"w1", "w2", "w3"}]
    assert read.least() == min(map(len, enough))


def test_ledg_6_groups_in_groups_without_end_are_refused() -> None:
    def nested(depth: int) -> bytes:
        groups = [f"group g{number} any {f'g{number - 1}' if number else 'w1'}" for number in range(depth)]
        return "\n".join([*LINES, *groups, f"quorum g{depth - 1}"]).encode()

    assert parse(nested(16)).enough({W1})
    with pytest.raises(Malformed, match="deeper"):
        parse(nested(17))


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_ledg_6_a_checkpoint_needs_the_log_and_as_many_witnesses(needed: int) -> None:
    for count in range(4):
        read = note.parse(signed(TOLD, witnesses=count).encode())
        if count >= needed:
            vouched = accept(note=read, policy=policy(needed))
            assert (vouched.checkpoint, vouched.log, len(vouched.witnesses)) == (TOLD, LOG, count)
        else:
            with pytest.raises(Unsigned):
                accept(note=read, policy=policy(needed))


def test_ledg_6_a_witness_that_signs_twice_counts_once() -> None:
    read = note.parse(signed(TOLD, witnesses=1).encode())
    twice = note.Note(read.text, (*read.signatures, note.cosign(text=read.text, name=W1.name, key=private(W1.name), seconds=7)))
    with pytest.raises(Unsigned):
        accept(note=twice, policy=policy(2))


def test_ledg_6_witnesses_without_the_log_are_not_enough() -> None:
    read = note.parse(signed(TOLD, witnesses=3).encode())
    with pytest.raises(Unsigned):
        accept(note=note.Note(read.text, read.signatures[1:]), policy=policy())


def test_ledg_6_a_log_vouches_for_itself_only() -> None:
    text = TOLD.text.replace(ORIGIN, "other.example/log")
    read = note.Note(text, (note.sign(text=text, name=ORIGIN, key=private(ORIGIN)),))
    with pytest.raises(Unsigned):
        accept(note=read, policy=parse(f"log {LOG.vkey}\nquorum none\n".encode()))


def test_a_forged_witness_spoils_it() -> None:
    read = note.parse(signed(TOLD, witnesses=3).encode())
    bad = note.Signature(W3.name, W3.id, b"\0" * 72)
    with pytest.raises(Forged):
        accept(note=note.Note(read.text, (*read.signatures[:3], bad)), policy=policy())


def test_quorum_none_asks_nobody() -> None:
    vouched = accept(note=note.parse(signed(TOLD, witnesses=0).encode()), policy=parse(f"log {LOG.vkey}\nquorum none".encode()))
    assert vouched.witnesses == {}


@pytest.mark.parametrize(
    "text",
    [
        "", f"log {LOG.vkey}", "quorum w1", "quorum none\nquorum none", f"{LINES[0]}\nquorum w2", f"{LINES[0]}\n{LINES[0]}\nquorum w1",
        f"{LINES[0]}\nwitness other {W1.vkey}\nquorum w1", f"witness none {W1.vkey}\nquorum none", f"log {W1.vkey}\nquorum none",
        f"witness w {LOG.vkey}\nquorum w", f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none", "log a\nquorum none", "hello\nquorum none",
        f"{LINES[0]}\ngroup g 2 w1\nquorum g", f"{LINES[0]}\ngroup g 0 w1\nquorum g", f"{LINES[0]}\ngroup g 01 w1\nquorum g",
        f"{LINES[0]}\ngroup g any\nquorum g", f"{LINES[0]}\ngroup g any w1 w1\nquorum g", f"{LINES[0]}\ngroup g any none\nquorum g",
        f"group g any w1\n{LINES[0]}\nquorum g", f"{LINES[0]}\ngroup g any g\nquorum g", f"{LINES[0]}\ngroup w1 any w1\nquorum w1",
        f"{LINES[0]}\ngroup g any w1\ngroup h any w1\nquorum h", f"{LINES[0]} url more\nquorum w1", "quorum none\r\n", "quorum\0none",
        "\n" * 1001 + "quorum none",
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text.encode())


@given(
    st.lists(
        st.sampled_from(["log", "witness", "group", "quorum", "none", "any", "all", "1", "a", LOG.vkey, W1.vkey, "\n", " "]), max_size=20
    )
)
@examples(max_examples=longer(300))
def test_whatever_is_shown_as_a_policy_is_one_or_is_refused(words: list[str]) -> None:
    try:
        read = parse(" ".join(words).encode())
    except Malformed:
        return
    assert read.enough([W1, W2, W3]) or read.quorum != quorum.NONE


def test_a_policy_comes_back_as_it_was_written() -> None:
    read = parse(policy_text(3).encode())
    assert (read.logs, [one.key for one in read.witnesses.values()], read.groups["g"].needed) == ((LOG,), WITNESSES, 3)


def test_ledg_6_the_policy_of_the_vectors_accepts_their_checkpoint() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "ledger.json").read_text(encoding="utf-8"))
    vouched = accept(note=note.parse(vectors["checkpoint"].encode()), policy=parse(vectors["policy"].encode()))
    assert (vouched.checkpoint.size, vouched.checkpoint.root.hex()) == (5, vectors["roots"][5]["root"])
    entries = tile.entries(bytes.fromhex(vectors["bundle"]))
    assert [entry.hex() for entry in entries] == vectors["tree_entries"][:5]
