"""Notes, checkpoints and cosignatures are C2SP's, and whoever forges one is refused (LEDG-4, LEDG-5)."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave_verify import checkpoint, note
from conclave_verify.checkpoint import Checkpoint
from conclave_verify.note import COSIGNS, SIGNS, Forged, Key, Malformed
from tests.conftest import longer
from tests.verify.trees import LOG, ORIGIN, SECONDS, WITNESSES, Log, private, signed

# The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
TOLD = Checkpoint(ORIGIN, 5, Log([b"a", b"b", b"c", b"d", b"e"]).checkpoint().root)


def test_ledg_4_the_example_of_c2sp_is_verified() -> None:
    key = note.parse_vkey(EXAMPLE_KEY)
    assert key.vkey == EXAMPLE_KEY
    read = note.parse(EXAMPLE.encode())
    assert note.signed_at(read, key) == 0
    assert read.signed == EXAMPLE
    with pytest.raises(Forged):
        note.signed_at(note.parse(EXAMPLE.replace("an example", "no example").encode()), key)


def test_ledg_4_a_checkpoint_comes_back_as_it_was_signed() -> None:
    read = note.parse(signed(TOLD).encode())
    assert checkpoint.parse(read.text) == TOLD
    assert note.signers(read, [LOG, *WITNESSES]) == {LOG: 0, WITNESSES[0]: SECONDS, WITNESSES[1]: SECONDS}


def test_ledg_4_further_lines_of_a_checkpoint_are_signed_and_mean_nothing() -> None:
    text = TOLD.text + "something\n"
    read = note.Note(text, (note.sign(text=text, name=ORIGIN, key=private(ORIGIN)),))
    assert checkpoint.parse(note.parse(read.signed.encode()).text) == TOLD
    assert note.signed_at(read, LOG) == 0
    with pytest.raises(Forged):
        note.signed_at(note.Note(TOLD.text, read.signatures), LOG)


def test_ledg_5_a_cosignature_is_over_the_time_too() -> None:
    (_, mine, *_rest) = note.parse(signed(TOLD).encode()).signatures
    later = (SECONDS + 1).to_bytes(8, "big") + mine.data[8:]
    with pytest.raises(Forged):
        note.signed_at(note.Note(TOLD.text, (note.Signature(mine.name, mine.id, later),)), WITNESSES[0])


def test_ledg_5_a_cosignature_without_a_time_is_none() -> None:
    one = note.cosign(text=TOLD.text, name="w1.example", key=private("w1.example"), seconds=0)
    with pytest.raises(Forged):
        note.signed_at(note.Note(TOLD.text, (one,)), WITNESSES[0])


def test_ledg_5_a_signature_is_not_taken_for_a_cosignature_nor_the_other_way_round() -> None:
    as_log = Key(ORIGIN, SIGNS, WITNESSES[0].public)
    as_witness = Key(ORIGIN, COSIGNS, WITNESSES[0].public)
    assert as_log.id != as_witness.id
    plain = note.sign(text=TOLD.text, name=ORIGIN, key=private("w1.example"))
    with pytest.raises(Forged):
        note.signed_at(note.Note(TOLD.text, (note.Signature(ORIGIN, as_witness.id, b"\0" * 8 + plain.data),)), as_witness)
    assert note.signed_at(note.Note(TOLD.text, (plain,)), as_witness) is None


def test_ledg_4_one_bad_signature_in_a_known_name_spoils_the_note() -> None:
    good = note.parse(signed(TOLD, witnesses=0).encode())
    bad = note.Signature(good.signatures[0].name, good.signatures[0].id, b"\0" * 64)
    for both in ((*good.signatures, bad), (bad, *good.signatures)):
        with pytest.raises(Forged):
            note.signed_at(note.Note(good.text, both), LOG)


def test_ledg_4_signatures_of_strangers_are_not_looked_at() -> None:
    stranger = note.sign(text="something else\n", name="stranger.example", key=private("stranger"))
    read = note.parse((signed(TOLD) + stranger.line).encode())
    assert LOG in note.signers(read, [LOG])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"text\n", b"text\n\n", b"text\n\n- a AAAAAAAA\n", "text\n\n— a\n".encode(), "text\n\n— a b AAAAAAAA\n".encode(),
        "text\n\n— a AAAAAAAA".encode(), "text\n\n— a AAAA\n".encode(), "text\n\n— a+b AAAAAAAA\n".encode(),
        "te\rxt\n\n— a AAAAAAAA\n".encode(),
        "te\0xt\n\n— a AAAAAAAA\n".encode(), "text\n\n— a AAAAAAB=\n".encode(), b"\xff\n\n", "text\n\n— a\u00a0 AAAAAAAA\n".encode(),
        ("text\n\n" + "— a AAAAAAAA\n" * 65).encode(), b"x" * 65_537,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        note.parse(content)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "origin\n5\n", "origin\n5\nAAAA\n", f"origin\n05\n{note.b64(TOLD.root)}\n", f"origin\n-1\n{note.b64(TOLD.root)}\n",
        f"origin\n٥\n{note.b64(TOLD.root)}\n", f"origin\n{2**63}\n{note.b64(TOLD.root)}\n", f"\n5\n{note.b64(TOLD.root)}\n",
        f"origin\n5\n{note.b64(TOLD.root)}\n\nmore\n", f"origin\n5\n{note.b64(TOLD.root)}", f"origin\n5\n{note.b64(TOLD.root)[:-1]}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        checkpoint.parse(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "", "a", "a+b+c", EXAMPLE_KEY.replace("530d903a", "530d903b"), EXAMPLE_KEY.replace("foo", "fop"), EXAMPLE_KEY + "A",
        EXAMPLE_KEY[:-1],
        "a b" + EXAMPLE_KEY, Key("a", 6, b"x" * 32).vkey, Key("a", 1, b"x" * 31).vkey, Key("", 1, b"x" * 32).vkey,
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(Malformed):
        note.parse_vkey(vkey)


@given(st.binary(max_size=400))
@examples(max_examples=longer(300))
def test_whatever_is_shown_as_a_note_is_one_or_is_refused(content: bytes) -> None:
    try:
        read = note.parse(content)
    except Malformed:
        return
    assert read.signed.encode() == content


@given(st.integers(0, 10_000), st.integers(1, 255))
@examples(max_examples=longer(200))
def test_ledg_4_a_signed_checkpoint_with_one_other_byte_is_not_accepted(place: int, by: int) -> None:
    content = bytearray(signed(TOLD, witnesses=1).encode())
    content[place % len(content)] ^= by
    try:
        read = note.parse(bytes(content))
        found = note.signers(read, [LOG, WITNESSES[0]])
        told = checkpoint.parse(read.text)
    except (Malformed, Forged):
        return
    # Only a name or an id that is nobody's any more is left; what stays signed says the same.
    assert len(found) < 2
    assert told == TOLD or not found
