"""A witness signs only that a log grows, and remembers what it signed before anybody knows of it (LEDG-5)."""

import hashlib
import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave import run
from conclave.cli import _parser, _witness
from conclave.config import Config
from conclave.transparency import ask as asking
from conclave.transparency import cosigner as judging
from conclave.transparency import witness as serving
from conclave.transparency.cosigner import Answer, Cosigner, WitnessError
from conclave.transparency.identity import OWN_SOCKET, own_witness
from conclave.transparency.witness import LARGEST_BODY
from conclave_verify import merkle, note
from conclave_verify.checkpoint import Checkpoint
from conclave_verify.note import COSIGNS
from tests.conftest import longer
from tests.transparency.conftest import answering
from tests.verify.trees import LOG, ORIGIN, SECONDS, Log, node_of, private, signed

LEAVES = Log([bytes([number]) for number in range(40)])
HASHES = LEAVES.hashes


def request(old: int, size: int, *, log: Log = LEAVES, text: str | None = None, proof: list[bytes] | None = None) -> bytes:
    """Return the body of add-checkpoint."""
    ways = merkle.consistency_proof(old, size, node_of(log.hashes)) if proof is None else proof
    told = text or signed(log.checkpoint(size), witnesses=0)
    return (f"old {old}\n" + "".join(f"{note.b64(one)}\n" for one in ways) + "\n" + told).encode()


def opened(folder: Path) -> Cosigner:
    return Cosigner(folder=folder, name="w.example", logs=[LOG], seconds=lambda: SECONDS)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Cosigner]:
    one = opened(tmp_path / "w")
    yield one
    one.close()


def signs(witness: Cosigner, body: bytes, size: int) -> None:
    answer = witness.add_checkpoint(body)
    assert answer.status == 200, answer.text
    told = note.parse(signed(LEAVES.checkpoint(size), witnesses=0).encode())
    given = note.Note(told.text, (note.parse_signature(answer.text.removesuffix("\n")),))
    assert note.signed_at(given, witness.key) == SECONDS


def test_ledg_5_it_signs_a_log_that_grows(witness: Cosigner) -> None:
    for old, size in ((0, 1), (1, 1), (1, 7), (7, 8), (8, 40), (40, 40)):
        signs(witness, request(old, size), size)


def test_ledg_5_it_says_what_it_has_to_whoever_does_not_know(witness: Cosigner) -> None:
    signs(witness, request(0, 7), 7)
    for body in (request(0, 40), request(6, 40), request(8, 40), request(5, 6)):
        assert witness.add_checkpoint(body) == Answer(409, "7\n", "text/x.tlog.size")


def test_ledg_5_it_does_not_sign_what_does_not_continue_what_it_signed(witness: Cosigner) -> None:
    signs(witness, request(0, 7), 7)
    other = Log([b"x", *LEAVES.entries[1:]])
    for body in (
        request(7, 40, log=other), request(7, 7, log=other), request(7, 40, proof=[]), request(7, 40, proof=[merkle.EMPTY_ROOT] * 6),
        request(7, 7, proof=[merkle.EMPTY_ROOT]),
    ):  # fmt: skip
        assert witness.add_checkpoint(body).status == 422
    signs(witness, request(7, 40), 40)


def test_ledg_5_the_beginning_needs_no_proof_and_takes_none(witness: Cosigner) -> None:
    assert witness.add_checkpoint(request(0, 7, proof=[merkle.EMPTY_ROOT])).status == 422
    false = Checkpoint(ORIGIN, 0, merkle.leaf_hash(b""))
    assert witness.add_checkpoint(request(0, 0, text=signed(false, witnesses=0))).status == 422
    empty = Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT)
    assert witness.add_checkpoint(request(0, 0, text=signed(empty, witnesses=0))).status == 200


def test_ledg_5_it_signs_only_what_the_log_has_signed(witness: Cosigner) -> None:
    told = LEAVES.checkpoint(7)
    by_stranger = note.Note(told.text, (note.sign(text=told.text, name="stranger.example", key=private("stranger")),))
    in_its_name = note.Note(told.text, (note.Signature(ORIGIN, LOG.id, bytes(64)),))
    good = note.parse(signed(told, witnesses=0).encode())
    spoiled = note.Note(told.text, (*good.signatures, *in_its_name.signatures))
    for one in (by_stranger, in_its_name, spoiled):
        assert witness.add_checkpoint(request(0, 7, text=one.signed)).status == 403
    elsewhere = told.text.replace(ORIGIN, "other.example")
    other = note.Note(elsewhere, (note.sign(text=elsewhere, name="other.example", key=private(ORIGIN)),))
    assert witness.add_checkpoint(request(0, 7, text=other.signed)).status == 404


def test_ledg_5_further_signatures_are_not_looked_at(witness: Cosigner) -> None:
    signs(witness, request(0, 7, text=signed(LEAVES.checkpoint(7), witnesses=3)), 7)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"old 0\n", b"old 0\n\n", b"old 00\n\n" + request(0, 7)[7:], b"old -1\n\n" + request(0, 7)[7:],
        b"new 0\n\n" + request(0, 7)[7:],
        request(0, 7, proof=[merkle.EMPTY_ROOT] * 64), request(0, 7, proof=[b"x"]), b"old 0\n!\n\n" + request(0, 7)[7:], b"old \xff\n\n",
        request(0, 7, text="a\nb\nc\n\n" + signed(LEAVES.checkpoint(7)).split("\n\n")[1]), request(8, 7, proof=[]),
    ],
)  # fmt: skip
def test_ledg_5_what_cannot_be_read_is_said_so(witness: Cosigner, body: bytes) -> None:
    assert witness.add_checkpoint(body).status == 400
    signs(witness, request(0, 7), 7)


@given(st.binary(max_size=300))
@examples(max_examples=longer(200))
def test_whatever_is_sent_is_refused_without_another_error(content: bytes) -> None:
    for body in (content, b"old 0\n" + content, b"old 0\n\n" + content):
        with pytest.raises(note.Malformed):
            judging.parse_request(body)


def test_ledg_5_what_it_signed_is_on_the_disk_before_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = opened(tmp_path / "w")
    order: list[str] = []
    fsync, keep = os.fsync, judging.Memory.keep

    def noted(file: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        fsync(file)

    def kept(memory: judging.Memory, origin: str, text: str) -> None:
        keep(memory, origin, text)
        order.append("kept")

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(judging.Memory, "keep", kept)
    signs(witness, request(0, 7), 7)
    assert order == ["file", "folder", "kept"]
    seen = json.loads((tmp_path / "w" / "seen.json").read_text(encoding="utf-8"))
    assert seen[ORIGIN].startswith(f"{ORIGIN}\n7\n")

    def full(_memory: judging.Memory, _origin: str, _text: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(judging.Memory, "keep", full)
    with pytest.raises(OSError, match="no space"):
        witness.add_checkpoint(request(7, 8))
    monkeypatch.setattr(judging.Memory, "keep", keep)
    assert witness.add_checkpoint(request(8, 9)).status == 409, "what it could not write down it has not signed"
    witness.close()


def test_ledg_5_it_remembers_across_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path / "w")
    signs(first, request(0, 7), 7)
    first.close()
    second = opened(tmp_path / "w")
    assert second.key == first.key
    assert second.add_checkpoint(request(0, 40)) == Answer(409, "7\n", "text/x.tlog.size")
    signs(second, request(7, 40), 40)
    second.close()


def test_ledg_5_without_its_memory_it_does_not_start(tmp_path: Path) -> None:
    first = opened(tmp_path / "w")
    signs(first, request(0, 7), 7)
    first.close()
    seen = tmp_path / "w" / "seen.json"
    for damage in (lambda: seen.write_text("{"), lambda: seen.write_text("[]"), lambda: seen.write_text('{"a":"b"}'), seen.unlink):
        damage()
        with pytest.raises(WitnessError):
            opened(tmp_path / "w")


def test_ledg_5_two_with_one_key_do_not_run(tmp_path: Path) -> None:
    first = opened(tmp_path / "w")
    with pytest.raises(WitnessError, match="Another"):
        opened(tmp_path / "w")
    first.close()


def test_its_key_is_its_own(tmp_path: Path) -> None:
    one = opened(tmp_path / "w")
    assert stat.S_IMODE((tmp_path / "w" / "witness.key").stat().st_mode) == 0o600
    assert (one.key.name, one.key.kind) == ("w.example", COSIGNS)
    assert (tmp_path / "w" / "vkey").read_text(encoding="utf-8").strip() == one.key.vkey
    one.close()
    (tmp_path / "w" / "vkey").write_text("x")
    with pytest.raises(WitnessError):
        opened(tmp_path / "w")


def test_ledg_5_of_many_at_once_the_largest_is_remembered(witness: Cosigner) -> None:
    def push(size: int) -> None:
        old = 0
        while (answer := witness.add_checkpoint(request(old, size))).status == 409 and int(answer.text) <= size:
            old = int(answer.text)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(push, [*range(1, 41)]))
    assert witness.add_checkpoint(request(0, 1)) == Answer(409, "40\n", "text/x.tlog.size")


@pytest.fixture
def port(witness: Cosigner) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    with answering(witness, listener):
        yield listener.getsockname()[1]


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def test_it_answers_over_http(port: int, witness: Cosigner) -> None:
    hashed = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert ask(port, "GET", f"/{hashed}/checkpoint")[0] == 404
    status, _kind, content = ask(port, "POST", "/add-checkpoint", request(0, 7))
    assert (status, content[:4]) == (200, "— ".encode())
    assert ask(port, "POST", "/add-checkpoint", request(0, 7)) == (409, "text/x.tlog.size", b"7\n")
    status, _kind, content = ask(port, "GET", f"/{hashed}/checkpoint")
    assert status == 200
    assert set(note.signers(note.parse(content), [LOG, witness.key])) == {LOG, witness.key}
    for method, path in (
        ("GET", "/"),
        ("GET", "/add-checkpoint"),
        ("POST", "/"),
        ("POST", "/add-checkpoint/"),
        ("GET", f"/{'0' * 64}/checkpoint"),
    ):
        assert ask(port, method, path)[0] == 404
    assert ask(port, "PUT", "/add-checkpoint")[0] == 501


def test_it_takes_no_more_than_it_must(port: int) -> None:
    assert ask(port, "POST", "/add-checkpoint", b"x" * (LARGEST_BODY + 1))[0] == 400
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert b" 400 " in connection.recv(1000)
    connection.close()


def test_ledg_5_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conclave.cli", "witness", "--log", LOG.vkey, "--folder", str(tmp_path / "w"), "--name", "w.example"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([*command, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert f"http://127.0.0.1:{port}" in running.stdout.readline()
        assert running.stdout.readline().startswith("w.example+")
        assert ask(port, "POST", "/add-checkpoint", request(0, 7))[0] == 200
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


@pytest.mark.parametrize(
    "words",
    [
        [], ["--log", "x"], ["--log", note.Key("w", COSIGNS, bytes(32)).vkey], ["--log", LOG.vkey, "--listen", "nowhere"],
        ["--log", LOG.vkey, "--listen", "127.0.0.1:99999"], ["--log", LOG.vkey, "--name", "a b"],
    ],
)  # fmt: skip
def test_what_it_cannot_be_is_said(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _witness(_parser().parse_args(["witness", *words, "--folder", str(tmp_path / "w")])) == 2
    assert capsys.readouterr().err.strip().endswith((".", "'"))


def test_a_crowd_does_not_keep_it_from_answering(port: int) -> None:
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    done = threading.Event()

    def one() -> None:
        assert ask(port, "POST", "/add-checkpoint", request(0, 7))[0] == 200
        done.set()

    thread = threading.Thread(target=one)
    thread.start()
    thread.join(10)
    assert done.is_set()
    for connection in waiting:
        connection.close()


def test_ledg_5_the_slow_make_place_for_the_next(port: int) -> None:
    waiting = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(serving.MOST_AT_ONCE + 1)]
    assert ask(port, "POST", "/add-checkpoint", request(0, 7))[0] == 200
    assert waiting[0].recv(1) == b"", "the oldest was cut"
    for connection in waiting:
        connection.close()


def test_ledg_5_a_request_has_an_end_however_its_bytes_come(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as connection:
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nX-Slow: ")
        for _step in range(100):
            try:
                assert connection.recv(1000) == b""
                break
            except TimeoutError:
                with suppress(OSError):
                    connection.sendall(b"x")
        else:
            pytest.fail("it is served still")


@pytest.mark.parametrize(
    ("hosts", "cut"),
    [
        (["192.0.2.1"] * 5, [0]), (["::ffff:192.0.2.1", *["192.0.2.1"] * 4], [0]), (["192.0.2.1", *["192.0.2.2"] * 4], []),
        ([f"2001:db8::{number}" for number in range(5)], [0]), ([f"2001:db8:0:{number}::1" for number in range(5)], []),
        (["127.0.0.1"] * 32, []), (["::1"] * 33, [0]), ([""] * 34, [0, 1]),
        (["192.0.2.9", *["127.0.0.1"] * 30, *["192.0.2.9"] * 4], [0, 1, 2]),
    ],
)  # fmt: skip
def test_ledg_5_of_one_address_only_so_many_are_open(hosts: list[str], cut: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[socket.socket] = []
    monkeypatch.setattr(serving, "cut", ended.append)
    crowd, connections = serving.Crowd(), [socket.socket() for _ in hosts]
    for connection, host in zip(connections, hosts, strict=True):
        crowd.enter(connection, host=host)
    assert [connections.index(one) for one in ended] == cut
    for connection in connections:
        crowd.leave(connection)
        connection.close()


def test_our_own_witness_answers_also_where_the_state_folder_is_deep(tmp_path: Path, witness: Cosigner) -> None:
    config = Config(state_dir=tmp_path / ("deep" * 20) / ("folder" * 20))
    with run._listen_for_witness(config) as listener:
        assert listener is not None
        address = str(own_witness(state_dir=config.state_dir) / OWN_SOCKET)
        with answering(witness, listener.dup()):
            answer = asking.ask(address=address, witness=witness.key, old=0, proof=[], checkpoint=signed(LEAVES.checkpoint(7), witnesses=0))
            assert answer.signature is not None
        short = Path(address).resolve()
        assert stat.S_IMODE(short.parent.stat().st_mode) == 0o700
    assert not short.parent.exists()
    with run._listen_for_witness(config) as again:
        assert again is not None
