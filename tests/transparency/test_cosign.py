"""What counts is what witnesses have seen; without them nothing acts, and it is said (LEDG-5, LEDG-6, LEDG-7)."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Replace
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from conclave.kernel import clock, outbox
from conclave.transparency import ask, checkpoints, cosign, witnesses
from conclave.transparency.cosign import WitnessAway, cosign_now, is_cosigned, proof
from conclave.transparency.ledger import append
from conclave.transparency.models import Checkpoint, Cosignature, Head, LedgerEntry, Opening, TreeTile, Witness
from conclave.transparency.tree import LedgerForked
from conclave_verify import note, quorum
from conclave_verify import proof as proofs
from conclave_verify.note import COSIGNS, Key
from tests.transparency.conftest import NOW, Others, own

pytestmark = pytest.mark.django_db
# A leaf that says something else, and is found as before.
CHANGED = Replace(F("leaf"), Value('"prev":null'), Value('"prev":0'))


def entry(**fields: object) -> int:
    return append(kind="ORDER", fields=fields or {"territory": "FR", "officer": "x"}, now=NOW)


def failures() -> list[str]:
    return list(Witness.objects.order_by("vkey").values_list("failure", flat=True))


@pytest.mark.usefixtures("own_one")
def test_ledg_5_an_entry_counts_from_the_moment_that_it_is_cosigned() -> None:
    first = entry()
    assert not is_cosigned(index=first)
    assert proof(index=first) is None
    assert cosign_now(now=NOW) == 1
    assert is_cosigned(index=first)
    second = entry()
    assert not is_cosigned(index=second)
    assert not is_cosigned(index=99)
    assert cosign_now(now=NOW) == 2
    assert is_cosigned(index=second)
    assert cosign_now(now=NOW) == 2, "what is cosigned is not asked for again"
    assert Cosignature.objects.count() == 2


@pytest.mark.usefixtures("own_one")
def test_an_empty_ledger_has_nothing_to_cosign() -> None:
    assert cosign_now(now=NOW) == 0


@pytest.mark.usefixtures("own_one")
def test_ledg_7_whom_it_concerns_gets_a_proof_with_their_own_fields_only() -> None:
    index = entry(territory="FR", officer="x", day="2026-11-26")
    for _ in range(3):
        entry()
    cosign_now(now=NOW)
    text = proof(index=index, fields=["territory", "day"])
    assert text is not None
    proved = proofs.check(proof=proofs.parse(text.encode()), policy=quorum.parse(witnesses.policy_text().encode()))
    assert {one.field: one.value for one in proved.openings} == {"territory": "FR", "day": "2026-11-26"}
    assert (proved.index, proved.entry.type, proved.vouched.checkpoint.size) == (index, "ORDER", 4)
    assert '"officer"' not in text
    Opening.objects.filter(entry_id=index, field="day").delete()
    again = proof(index=index, fields=["territory", "day"])
    assert [one.field for one in proofs.parse((again or "").encode()).openings] == ["territory"]


@pytest.mark.usefixtures("own_one")
def test_ledg_7_an_entry_that_was_changed_since_is_not_proved() -> None:
    index = entry()
    cosign_now(now=NOW)
    LedgerEntry.objects.filter(index=index).update(leaf=CHANGED)
    with pytest.raises(LedgerForked):
        proof(index=index)


def test_ledg_5_without_the_witness_nothing_counts_and_that_is_said(state: Path) -> None:
    index = entry()
    with pytest.raises(WitnessAway) as raised:
        cosign_now(now=NOW)
    assert raised.value.code == "witness_away"
    assert not is_cosigned(index=index), "it was never started"
    with own(state):
        pass
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert failures() == ["away"]
    assert not is_cosigned(index=index)
    with own(state):
        cosign_now(now=NOW)
    assert failures() == [""]
    assert is_cosigned(index=index)


def test_ledg_6_more_than_half_of_the_named_witnesses_are_enough(others: Others, settings: Settings) -> None:
    index = entry()
    started = others(2)
    nobody = Key("gone.example", COSIGNS, bytes(31) + b"\1")
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{settings.CONCLAVE.witnesses}, http://127.0.0.1:9 {nobody.vkey}")
    assert "group enough 2 w1 w2 w3" in witnesses.policy_text()
    cosign_now(now=NOW)
    assert is_cosigned(index=index)
    settings.CONCLAVE = replace(settings.CONCLAVE, witness_quorum=3)
    assert not is_cosigned(index=index), "the policy of now decides"
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert Cosignature.objects.count() == len(started)


def test_ledg_6_our_own_witness_does_not_count_beside_others(others: Others, state: Path) -> None:
    index = entry()
    with own(state):
        cosign_now(now=NOW)
    assert is_cosigned(index=index)
    others(1)
    assert not is_cosigned(index=index)
    assert witnesses.is_independent()
    cosign_now(now=NOW)
    assert is_cosigned(index=index)


@pytest.mark.usefixtures("own_one")
def test_ledg_5_a_witness_that_has_seen_more_than_there_is_signs_nothing(state: Path) -> None:
    for _ in range(3):
        entry()
    cosign_now(now=NOW)
    # An old copy of the database was put back, and the server's own memory is gone.
    (state / "ledger.signed").unlink()
    Cosignature.objects.all().delete()
    Checkpoint.objects.all().delete()
    Opening.objects.all().delete()
    LedgerEntry.objects.filter(index=2).delete()
    Head.objects.update(size=2)
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert failures() == ["ahead"]


@pytest.mark.usefixtures("own_one")
def test_ledg_5_a_witness_does_not_sign_another_history(state: Path) -> None:
    for _ in range(3):
        entry()
    cosign_now(now=NOW)
    (state / "ledger.signed").unlink()
    Cosignature.objects.all().delete()
    Checkpoint.objects.all().delete()
    LedgerEntry.objects.filter(index=1).update(leaf=CHANGED)
    TreeTile.objects.all().delete()
    Head.objects.filter(chain="tree").delete()
    entry()
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert failures() == ["forked"]


@pytest.mark.usefixtures("own_one")
def test_a_witness_that_is_further_is_asked_again_with_what_it_has() -> None:
    entry()
    cosign_now(now=NOW)
    Witness.objects.all().delete()
    index = entry()
    cosign_now(now=NOW)
    assert is_cosigned(index=index)


@contextmanager
def answers(content: bytes, status: str = "200 OK", *, slow: bool = False) -> Iterator[str]:
    """Let somebody answer everything in the same way."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                if not slow:
                    connection.sendall(
                        f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content
                    )
                else:
                    ended.wait(10)

    ended = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    ("content", "status", "failure"),
    [
        (b"", "200 OK", "lied"), (b"hello\n", "200 OK", "lied"), ("— w.example AAAAAAAA\n".encode(), "200 OK", "lied"),
        (b"x", "409 Conflict", "lied"), (b"\xff", "409 Conflict", "lied"), (b"no\n", "422 Unprocessable", "forked"),
        (b"", "403 Forbidden", "refused"), (b"", "302 Found", "refused"), (b"", "500 Oops", "away"), (b"x" * 70_000, "200 OK", "away"),
        (b"7\n", "409 Conflict", "ahead"),
    ],
)  # fmt: skip
def test_ledg_5_a_witness_that_lies_is_not_believed(content: bytes, status: str, failure: str, settings: Settings) -> None:
    index = entry()
    key = Key("w.example", COSIGNS, bytes(31) + b"\1")
    with answers(content, status) as address:
        settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{address} {key.vkey}")
        with pytest.raises(WitnessAway):
            cosign_now(now=NOW)
    assert failures() == [failure]
    assert not is_cosigned(index=index)


def test_ledg_5_a_signature_that_is_not_by_the_witness_is_not_kept(others: Others, settings: Settings) -> None:
    entry()
    ((url, _key),) = others(1)
    somebody = Key("w0.example", COSIGNS, bytes(31) + b"\1")
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{url} {somebody.vkey}")
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert failures() == ["lied"]
    assert not Cosignature.objects.exists()


def test_a_slow_witness_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    entry()
    monkeypatch.setattr(ask, "SECONDS", 0.2)
    key = Key("w.example", COSIGNS, bytes(31) + b"\1")
    with answers(b"", slow=True) as address:
        settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{address} {key.vkey}")
        with pytest.raises(WitnessAway):
            cosign_now(now=NOW)
    assert failures() == ["away"]


@contextmanager
def drips() -> Iterator[str]:
    """Let somebody send a header a byte at a time, for longer than anybody waits, and then a whole answer."""
    listener, ended = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\nX-Slow: ")
                for _step in range(60):
                    if not ended.wait(0.05):
                        connection.sendall(b"x")
                connection.sendall(b"\r\n\r\n7\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()
        thread.join()


def test_ledg_5_a_witness_that_sends_a_byte_now_and_then_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "SECONDS", 0.4)
    with drips() as address:
        answer = ask.ask(address=address, witness=Key("w.example", COSIGNS, bytes(31) + b"\1"), old=0, proof=[], checkpoint="x")
    assert answer == ask.Answer(failure="away")


def test_ledg_5_once_enough_have_signed_a_slow_one_is_not_waited_for(others: Others, settings: Settings) -> None:
    index = entry()
    others(2)
    with answers(b"", slow=True) as address:
        slow = Key("slow.example", COSIGNS, bytes(31) + b"\1")
        settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{settings.CONCLAVE.witnesses}, {address} {slow.vkey}")
        assert cosign_now(now=NOW) == 1
    assert is_cosigned(index=index)
    assert failures() == ["", ""], "nothing is known of the slow one"


@pytest.mark.usefixtures("own_one")
def test_ledg_5_one_asks_at_a_time_so_that_no_second_worker_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    entry()
    again: list[str] = []

    def asks(**_named: object) -> ask.Answer:
        with pytest.raises(WitnessAway) as raised:
            cosign_now(now=NOW)
        again.append(raised.value.code)
        return ask.Answer(failure="away")

    monkeypatch.setattr(cosign, "ask_all", lambda *, asking, patience: iter([(name, asks()) for name in asking]))  # noqa: ARG005 - its names
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert again == ["witness_away"]


@pytest.mark.django_db(transaction=True)
def test_ledg_5_the_background_asks_for_no_second_run_while_one_waits() -> None:
    with transaction.atomic():
        entry()
    cosign.settle(NOW)
    cosign.settle(NOW + clock.MINUTE)
    assert outbox.is_waiting(kind=cosign.KIND)
    assert outbox.run_due(now=NOW + clock.MINUTE) == 1
    assert not outbox.is_waiting(kind=cosign.KIND)


def test_a_key_that_is_damaged_is_said_and_lets_nothing_act(settings: Settings) -> None:
    index = entry()
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses="http://127.0.0.1:9 w.example+00000000+" + "A" * 44)
    with pytest.raises(witnesses.PolicyWrong):
        witnesses.policy()
    with pytest.raises(WitnessAway):
        cosign_now(now=NOW)
    assert not is_cosigned(index=index)
    assert proof(index=index) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_one")
def test_the_background_signs_what_is_new_within_a_minute() -> None:
    cosign.settle(NOW)
    assert outbox.run_due(now=NOW) == 0
    with transaction.atomic():
        index = entry()
    cosign.settle(NOW + 10 * clock.SECOND)
    assert outbox.run_due(now=NOW + 10 * clock.SECOND) == 1
    assert is_cosigned(index=index)
    assert Checkpoint.objects.count() == 1
    later = clock.now()
    with transaction.atomic():
        entry()
    cosign.settle(later + 10 * clock.SECOND)
    assert outbox.run_due(now=later + 10 * clock.SECOND) == 0, "less than a minute after the last one"
    cosign.settle(later + 61 * clock.SECOND)
    assert outbox.run_due(now=later + 61 * clock.SECOND) == 1
    assert Checkpoint.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_not_cosigned_yet_is_asked_for_again(state: Path) -> None:
    with transaction.atomic():
        index = entry()
    cosign.settle(NOW)
    assert outbox.run_due(now=NOW) == 1
    assert not is_cosigned(index=index)
    with own(state):
        cosign.settle(NOW + clock.MINUTE)
        outbox.run_due(now=NOW + clock.MINUTE)
    assert is_cosigned(index=index)


@pytest.mark.usefixtures("own_one")
def test_a_cosigned_checkpoint_is_a_note_that_the_published_policy_accepts() -> None:
    entry()
    cosign_now(now=NOW)
    made = checkpoints.cosigned(policy=witnesses.policy(), above=0)
    assert made is not None
    vouched = quorum.accept(note=note.parse(checkpoints.signed(checkpoint=made).encode()), policy=witnesses.policy())
    assert list(vouched.witnesses.values()) == [NOW // 1000]


@pytest.mark.usefixtures("own_one")
def test_the_newest_cosigned_checkpoint_costs_the_same_however_many_there_are() -> None:
    policy = witnesses.policy()
    (own_key,) = [one.key.vkey for one in policy.witnesses.values()]
    log = witnesses.key().vkey
    rows = [Checkpoint(log=log, size=size, root="r", note="n", made_at=NOW) for size in range(1, 61)]
    Checkpoint.objects.bulk_create(rows)
    Cosignature.objects.bulk_create([Cosignature(checkpoint=row, witness=own_key, line="l", at=NOW) for row in rows])
    with CaptureQueriesContext(connection) as asked:
        found = checkpoints.cosigned(policy=policy, above=-1)
    assert found == rows[-1]
    others = "\n".join(f"witness w{number} {Key(f'w{number}', COSIGNS, bytes([number] * 32)).vkey}" for number in (1, 2))
    two = quorum.parse(f"log {log}\nwitness own {own_key}\n{others}\ngroup g 2 own w1 w2\nquorum g\n".encode())
    assert checkpoints.cosigned(policy=two, above=-1) is None
    Cosignature.objects.create(checkpoint=rows[4], witness=two.witnesses["w2"].key.vkey, line="l", at=NOW)
    with CaptureQueriesContext(connection) as again:
        assert checkpoints.cosigned(policy=two, above=-1) == rows[4], "those that too few have signed are passed over in the database"
    assert len(again) == 2
    # The newest few, and who has signed these; no list of all is made, sorted or made distinct.
    assert len(asked) == 2
    assert "EXISTS" in asked[0]["sql"]
    assert "DISTINCT" not in asked[0]["sql"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
            assert not [row for row in cursor.fetchall() if "TEMP B-TREE" in row[-1]]
