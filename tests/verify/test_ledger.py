"""A ledger is good as it is, and no byte of it can be changed (LEDG-1, LEDG-7, LEDG-8, LEDG-9)."""

import base64
import json
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.kernel import b64, canonical
from conclave.transparency.sealing import commitment as sealed_as
from conclave_verify import merkle, proof
from conclave_verify.__main__ import main
from conclave_verify.entry import Opening, commitment, parse_entry
from conclave_verify.fetch import Unreachable
from conclave_verify.ledger import Folder, Missing, check, source
from conclave_verify.merkle import Wrong
from conclave_verify.note import Forged, Malformed
from conclave_verify.quorum import Unsigned
from tests.conftest import longer
from tests.verify.trees import Files, Log, node_of, policy, policy_text, signed

BAD = (Wrong, Malformed, Forged, Unsigned, Missing)


def a_log(size: int) -> Log:
    log = Log()
    for number in range(size):
        log.add("ORDER" if number % 3 else "MEASURE", territory="FR", n=number, note="é – “x”")
    return log


LOGS = {size: a_log(size) for size in (1, 3, 256, 300)}
SMALL = LOGS[3]


def lines(log: Log, *places: tuple[int, int]) -> list[bytes]:
    """Return the openings at these places, entry and field, as a file has them."""
    found = []
    for leaf, place in places:
        one = log.openings[leaf][place]
        found.append(canonical.encode({"leaf": leaf, "field": one.field, "salt": b64.encode(one.salt), "value": one.value}))
    return found


def write(files: dict[str, bytes], folder: Path) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize("size", LOGS)
def test_ledg_8_a_whole_ledger_is_good(size: int) -> None:
    log = LOGS[size]
    result = check(files=Files(log.files()), policy=policy(), openings=[lines(log, (0, 0), (0, 1), (size - 1, 2))])
    assert (result.vouched.checkpoint, sum(result.types.values())) == (log.checkpoint(), size)
    assert result.opened == 3


@pytest.mark.parametrize("old", [1, 2, 255, 256, 257, 299, 300])
def test_ledg_8_what_was_signed_before_is_its_beginning(old: int) -> None:
    log = LOGS[300]
    check(files=Files(log.files()), policy=policy(), before=signed(log.checkpoint(old)).encode())
    other = Log([*log.entries[: old - 1], log.entries[0][:-1] + b" ", *log.entries[old:]])
    with pytest.raises(Wrong, match="rewritten"):
        check(files=Files(log.files()), policy=policy(), before=signed(other.checkpoint(old)).encode())


def test_ledg_8_a_ledger_that_became_shorter_is_not_good() -> None:
    with pytest.raises(Wrong, match="shorter"):
        check(files=Files(SMALL.files()), policy=policy(), before=signed(LOGS[300].checkpoint()).encode())


def test_ledg_8_a_full_file_stands_for_the_part_of_it_that_is_meant() -> None:
    files, larger = LOGS[300].files(), a_log(600)
    larger.entries[:300] = LOGS[300].entries
    whole = larger.files()
    for path in list(files):
        if path.endswith(".p/44"):
            del files[path]
            files[path.removesuffix(".p/44")] = whole[path.removesuffix(".p/44")]
    check(files=Files(files), policy=policy())


def test_ledg_8_a_missing_file_is_said() -> None:
    for path in SMALL.files():
        files = SMALL.files()
        del files[path]
        # Without a checkpoint there is nothing to judge; what a signed one says that there is must be there.
        with pytest.raises(Missing if path == "checkpoint" else Wrong):
            check(files=Files(files), policy=policy())


@given(st.data())
@examples(max_examples=longer(300))
def test_ledg_8_no_byte_of_any_file_can_be_another(data: st.DataObject) -> None:
    files = SMALL.files()
    # Of the checkpoint's signatures, test_note tells what happens to each byte.
    path = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[path])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BAD):
        check(files=Files({**files, path: bytes(content)}), policy=policy())


@pytest.mark.parametrize("change", [lambda content: content + b"\0", lambda content: content[:-1], lambda _content: b""])
def test_ledg_8_no_file_can_be_longer_or_shorter(change: Callable[[bytes], bytes]) -> None:
    files = SMALL.files()
    for path, content in files.items():
        with pytest.raises(BAD):
            check(files=Files({**files, path: change(content)}), policy=policy())


def test_ledg_8_entries_change_no_places_and_none_is_left_out() -> None:
    first, second, third = SMALL.entries
    for entries in ([second, first, third], [first, second], [first, second, third, third], [first, first, third]):
        files = Log(entries).files()
        with pytest.raises(BAD):
            check(files=Files({**files, "checkpoint": SMALL.files()["checkpoint"]}), policy=policy())


def test_ledg_1_what_opens_an_entry_is_what_was_sealed() -> None:
    (opening, *_) = SMALL.openings[1]
    good = {"leaf": 1, "field": opening.field, "salt": b64.encode(opening.salt), "value": opening.value}
    for other in (
        {"value": "DE"}, {"field": "territory"}, {"salt": b64.encode(bytes(32))}, {"leaf": 2}, {"leaf": 3}, {"leaf": -1}, {"leaf": True},
        {"more": 1}, {"salt": "x"}, {"value": 1.5}, {"value": None},
    ):  # fmt: skip
        line = json.dumps({**good, **other}).encode()
        with pytest.raises(BAD):
            check(files=Files(SMALL.files()), policy=policy(), openings=[[line]])
    check(files=Files(SMALL.files()), policy=policy(), openings=[[json.dumps(good).encode()]])


def test_ledg_9_an_opening_that_two_files_have_does_not_count_twice() -> None:
    one = lines(SMALL, (0, 0), (1, 0))
    with pytest.raises(Malformed, match="two of the files"):
        check(files=Files(SMALL.files()), policy=policy(), openings=[one, one])
    both = [lines(SMALL, (0, 1), (1, 0)), lines(SMALL, (0, 0), (2, 0))]
    assert check(files=Files(SMALL.files()), policy=policy(), openings=both).opened == 4


def test_ledg_1_the_version_of_an_entry_is_a_number() -> None:
    good = json.loads(SMALL.entries[0])
    parse_entry(canonical.encode(good), index=0)
    with pytest.raises(Malformed):
        parse_entry(canonical.encode({**good, "v": True}), index=0)


def test_ledg_8_an_answer_that_was_cut_is_not_kept(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for content in (b"whole"[:2], b"whole"):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + content)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    files = source(f"http://127.0.0.1:{listener.getsockname()[1]}", keep=tmp_path)
    with pytest.raises(Unreachable, match="cut"):
        files.read("tile/0/000")
    assert not list(tmp_path.rglob("*.*"))
    assert files.read("tile/0/000") == b"whole"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["000"]
    thread.join()
    listener.close()


def test_ledg_9_openings_stand_in_order_and_once() -> None:
    in_order = lines(SMALL, (0, 0), (0, 1), (1, 0), (2, 2))
    files = Files(SMALL.files())
    assert check(files=files, policy=policy(), openings=[in_order]).opened == 4
    assert check(files=files, policy=policy(), openings=[in_order[2:], in_order[:2]]).opened == 4
    for wrong in (in_order[::-1], [in_order[0], in_order[0]], [in_order[1], in_order[0]], [*in_order, b"{"], [b"[]"], [b"x" * 200_000]):
        with pytest.raises(Malformed):
            check(files=files, policy=policy(), openings=[wrong])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    )
)
@examples(max_examples=longer(200))
def test_ledg_1_both_programs_seal_alike(value: object) -> None:
    try:
        ours = sealed_as(field="x", salt=bytes(32), value=value)
    except Exception:  # noqa: BLE001 - half a character has no form; then it has none here either
        with pytest.raises(Malformed):
            commitment(Opening("x", bytes(32), value))
        return
    assert commitment(Opening("x", bytes(32), value)) == ours


@pytest.mark.parametrize(
    "entry",
    [
        b"", b"{}", b"[]", b"x", b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":null,"sealed":{},"type":"ORDER","v":2}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":null,"sealed":{},"type":"order","v":1}',
        b'{"obj":"AAAA","prev":null,"sealed":{},"type":"ORDER","v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":7,"sealed":{},"type":"ORDER","v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":null,"sealed":{"a":"b"},"type":"ORDER","v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA", "prev":null,"sealed":{},"type":"ORDER","v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":null,"sealed":{},"type":"ORDER","v":1,"v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":1.0,"sealed":{},"type":"ORDER","v":1}',
        b'{"obj":"AAAAAAAAAAAAAAAAAAAAAA","prev":true,"sealed":{},"type":"ORDER","v":1}',
    ],
)  # fmt: skip
def test_ledg_1_what_is_no_entry_is_refused(entry: bytes) -> None:
    with pytest.raises(Malformed):
        parse_entry(entry, index=7)


def a_proof(log: Log, index: int, *, fields: int = 1, witnesses: int = 2) -> str:
    told = log.checkpoint()
    hashes = merkle.inclusion_proof(index, told.size, node_of(log.hashes))
    opened = [{"field": one.field, "salt": b64.encode(one.salt), "value": one.value} for one in log.openings[index][:fields]]
    return proof.write(leaf=log.entries[index], openings=opened, index=index, hashes=hashes, checkpoint=signed(told, witnesses=witnesses))


@pytest.mark.parametrize("size", LOGS)
def test_ledg_7_a_proof_in_one_file_is_checked_without_anybody(size: int) -> None:
    for index in {0, size // 2, size - 1}:
        proved = proof.check(proof=proof.parse(a_proof(LOGS[size], index).encode()), policy=policy())
        assert (proved.index, [one.value for one in proved.openings]) == (index, [index])


def test_ledg_7_a_proof_with_too_few_witnesses_is_none() -> None:
    with pytest.raises(Unsigned):
        proof.check(proof=proof.parse(a_proof(SMALL, 1, witnesses=1).encode()), policy=policy())


@given(st.integers(0, 100_000), st.integers(1, 255))
@examples(max_examples=longer(300))
def test_ledg_7_no_byte_of_a_proof_can_be_another(place: int, by: int) -> None:
    content = bytearray(a_proof(SMALL, 1, fields=3).encode())
    content[place % len(content)] ^= by
    with pytest.raises(BAD):
        proof.check(proof=proof.parse(bytes(content)), policy=policy())


@given(st.binary(max_size=300))
@examples(max_examples=longer(300))
def test_whatever_is_shown_as_a_proof_is_refused_without_another_error(content: bytes) -> None:
    for whole in (
        content,
        b"c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n" + content,
        b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(content) + b"\nindex 0\n\nx\n\n",
    ):
        with pytest.raises(Malformed):
            proof.parse(whole)


def test_verify_ledger_says_in_sentences_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(LOGS[300].files(), tmp_path / "files")
    whom, opened, mine, before = (tmp_path / name for name in ("policy", "openings", "mine", "before"))
    whom.write_text(policy_text())
    opened.write_bytes(b"\n".join(lines(LOGS[300], (0, 0), (299, 1))) + b"\n")
    mine.write_text(a_proof(LOGS[300], 7, fields=2))
    before.write_text(signed(LOGS[300].checkpoint(100)))
    words = ["ledger", str(folder), "--policy", str(whom), "--openings", str(opened), "--proof", str(mine), "--before", str(before)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "has 300 entries" in told
    assert "Opened fields, each as it was sealed: 2." in told
    assert "Good: entry 7" in told
    assert "note: é – “x”" in told
    assert "Sealed, and not shown here: territory" in told
    assert told.count("Seen by w1.example at 2027-01-15") == 2
    (folder / "tile/0/000").write_bytes(b"\0" * 8192)
    assert main(words) == 1
    assert "NOT good." in capsys.readouterr().out
    (folder / "tile/0/000").unlink()
    assert main(words) == 1, "what was signed must be there"
    assert "NOT good. The file tile/0/000 is missing" in capsys.readouterr().out
    assert main(["ledger", str(tmp_path / "nowhere"), "--policy", str(whom)]) == 2
    assert main(["ledger", str(folder), "--policy", str(tmp_path / "nowhere")]) == 2
    capsys.readouterr()


def test_the_checks_need_nothing_of_the_server() -> None:
    import subprocess

    told = "import sys; import conclave_verify.ledger, conclave_verify.proof, conclave_verify.words; print(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert "'django'" not in found
    assert "'conclave'" not in found


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        source(str(tmp_path / "nowhere"))
    assert Folder(tmp_path).read("checkpoint") is None
    with pytest.raises(Missing):
        Folder(tmp_path).read("")
