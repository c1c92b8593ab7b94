"""The module under Python: the gateway's operations, the instance's border, the compiled module's cache."""

import base64
import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from conclave.keys.mls import MlsError, MlsModule
from tests.conftest import longer
from tests.mls.world import MODULE, World, b64, make_id

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "mls.json").read_text())
CORPUS = (Path(__file__).parents[2] / "mls" / "fuzz-corpus" / "request.txt").read_text(encoding="utf-8").splitlines()
CODE = re.compile(r"`([a-z_]+)`")
CODES = set(CODE.findall((Path(__file__).parents[2] / "mls" / "README.md").read_text(encoding="utf-8")))
BENT = MODULE.instance()
CHAT = '{"kind":"chat","text":"hello"}'


def test_a_member_joins_through_the_gateway() -> None:
    world = World()
    alice = world.start()
    bob = world.person()
    world.announce(bob)
    commit = world.commit(alice)
    staged = world.public.public_stage(covers=0, commit=str(commit["commit"]), participant=alice.participant)
    assert (staged.epoch, staged.added, staged.removed, staged.policy) == (1, [bob.participant], [], None)
    state = world.public.public_merge(index=1)
    assert state["epoch"] == 1
    assert staged.tree == world.public.public_tree().hash
    world.log.append({"kind": "commit", "participant": alice.participant, "commit": commit["commit"]})
    world.welcome(bob, commit, covers=0)
    for person in world.people:
        world.read(person)
    assert _code(alice) == _code(bob)
    message = str(alice.call("seal", content=CHAT)["message"])
    assert bob.call("open_message", message=message, participant=alice.participant)["content"] == CHAT
    header = MODULE.instance().message_header(message=message)
    assert (header.group_id, header.epoch, header.content_type) == (f"{world.call}.{world.incarnation}", 1, 1)
    end = alice.call("sign_end")
    assert world.public.verify_host(label="end", key=str(end["key"]), signature=str(end["signature"]))
    assert not world.public.verify_host(label="end", key=b64(bytes(32)), signature=str(end["signature"]))


def test_a_discarded_commit_leaves_the_tree_as_it_was() -> None:
    world = World()
    alice = world.start()
    before = world.public.public_tree()
    commit = alice.call("commit", covers=-1)
    world.public.public_stage(covers=-1, commit=str(commit["commit"]), participant=alice.participant)
    assert world.public.public_discard()["epoch"] == 0
    assert world.public.public_tree() == before
    assert before.hash == hashlib.sha256(_bytes(before.tree)).hexdigest()


def test_a_restart_replays_the_log() -> None:
    world = World()
    alice = world.start()
    world.announce(world.person())
    commit = world.commit(alice)
    entry: dict[str, object] = {"kind": "commit", "participant": alice.participant, "commit": commit["commit"]}
    events, state = world.public.public_entries(start=1, entries=[entry])
    assert (events[0]["kind"], state["epoch"]) == ("applied", 1)


def test_a_key_package_is_checked_before_it_is_announced() -> None:
    world = World()
    bob = world.person()
    made = bob.call("key_package", incarnation=world.incarnation)
    where = {"incarnation": world.incarnation, "attestation_key": world.attestation_key, "meeting": world.meeting, "call": world.call}
    found = MODULE.instance().public_key_package(key_package=str(made["key_package"]), participant=bob.participant, **where)
    assert found.reference == made["reference"]
    with pytest.raises(MlsError) as refused:
        MODULE.instance().public_key_package(key_package=str(made["key_package"]), participant=make_id(9), **where)
    assert refused.value.code == "bad_attestation"


def test_unknown_operations_and_fields_are_refused() -> None:
    instance = MODULE.instance()
    for do, fields in (("nothing", {}), ("public_tree", {"more": 1}), ("link", {"meeting": "short", "secret": "short"})):
        with pytest.raises(MlsError) as refused:
            instance.call(do, **fields)
        assert refused.value.code == "malformed"
    with pytest.raises(MlsError) as refused:
        instance.public_tree()
    assert refused.value.code == "wrong_state"


def test_the_module_offers_its_abi_and_no_other_entrance() -> None:
    offered = {export.name for export in MODULE.module.exports}
    assert offered == {"memory", "conclave_alloc", "conclave_free", "conclave_call"}


@settings(max_examples=longer(1500), deadline=None)
@given(
    base=st.sampled_from(CORPUS),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    piece=st.one_of(
        st.binary(max_size=40), st.sampled_from([b'"', b"{", b"[" * 300, b"null", b"-1", b"9" * 40, b"\\ud800", b"\xff", b"A" * 5000])
    ),
)
def test_whatever_is_handed_over_is_answered_in_bounded_memory(base: str, cut: tuple[float, float], piece: bytes) -> None:
    whole = _bytes(base)
    start, end = sorted(round(share * len(whole)) for share in cut)
    before = BENT._memory.data_len(BENT._store)
    answer = json.loads(BENT._exchange(whole[:start] + piece + whole[end:]))
    assert "ok" in answer or answer["error"]["code"] in CODES
    assert BENT._memory.data_len(BENT._store) - before <= 1 << 20


def test_a_request_without_bytes_or_without_room_ends_nothing() -> None:
    instance = MODULE.instance()
    assert json.loads(instance._exchange(b""))["error"]["code"] == "malformed"
    assert instance._alloc(instance._store, 0xFFFFFFFF - (1 << 32)) == 0, "4 GiB are not to be had"
    assert instance.call("link", meeting=VECTORS["link"]["meeting"], secret=VECTORS["link"]["secret"])


def test_the_clock_is_the_one_given() -> None:
    world = World()
    bob = world.person()
    made = bob.call("key_package", incarnation=world.incarnation)
    late = MODULE.instance(clock=lambda: 4_000_000_000_000)
    with pytest.raises(MlsError) as refused:
        late.public_key_package(
            incarnation=world.incarnation,
            key_package=str(made["key_package"]),
            participant=bob.participant,
            attestation_key=world.attestation_key,
            meeting=world.meeting,
            call=world.call,
        )
    assert refused.value.code == "bad_key_package"


def test_one_instance_is_used_by_many_threads_one_at_a_time() -> None:
    world = World()
    world.start()
    found: set[str] = set()
    threads = [threading.Thread(target=lambda: found.add(world.public.public_tree().hash)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


@pytest.mark.slow
def test_the_compiled_module_is_kept_and_used_again(tmp_path: Path) -> None:
    first = MlsModule(cache_dir=tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    again = MlsModule(cache_dir=tmp_path / "cache")
    meeting, secret = VECTORS["link"]["meeting"], VECTORS["link"]["secret"]
    link_ids = {module.instance().call("link", meeting=meeting, secret=secret)["link_id"] for module in (first, again)}
    assert link_ids == {VECTORS["link"]["link_id"]}
    kept.write_bytes(b"garbage")
    assert MlsModule(cache_dir=tmp_path / "cache").instance().call("link", meeting=meeting, secret=secret)


def test_the_shared_vectors_hold() -> None:
    link, attestation = VECTORS["link"], VECTORS["attestation"]
    instance = MODULE.instance()
    opened = instance.call("open", meeting=link["meeting"], secret=link["secret"], host_hash=link["host_hash"], host_key=link["host_key"])
    assert opened["link_id"] == link["link_id"]
    assert MODULE.instance().call("host_hash", host_key=link["host_key"])["host_hash"] == link["host_hash"]
    key = Ed25519PrivateKey.from_private_bytes(_bytes(attestation["seed"]))
    signed = b"conclave/attestation/1\0" + attestation["text"].encode()
    assert b64(key.sign(signed)) == attestation["signature"]
    seated = {
        "attestation": attestation["text"],
        "attestation_signature": attestation["signature"],
        "attestation_key": attestation["public"],
    }
    member = MODULE.instance()
    # The vector's attestation is for the host key's own public key.
    member.call("open", meeting=link["meeting"], secret=link["secret"], host_hash=link["host_hash"], identity=link["host_key"])
    assert member.call("seated", **seated, link_version=1)["participant"] == VECTORS["frank"]["participant"]
    authenticator = _bytes(VECTORS["code"]["epoch_authenticator"])
    digits = (f"{int.from_bytes(authenticator[5 * i : 5 * i + 5], 'big') % 100_000:05}" for i in range(6))
    assert "".join(digits) == VECTORS["code"]["code"]


def _code(person: Any) -> object:
    return person.call("state")["state"]["code"]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
