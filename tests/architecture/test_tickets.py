"""One place lets people into the media: a ticket comes from joining, through media/ticket.py, and cannot say more than a seat (JOIN-10)."""

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from hypothesis import given
from hypothesis import strategies as st

from conclave.kernel.ids import new_id
from conclave.media import selftest, ticket
from conclave.media.credentials import EngineCredentials
from tests.architecture.test_purity import FILES, SOURCE, imported

PAIR = EngineCredentials(key="conclave-local-1", secret="s" * 48)
MINT, JOIN, GATE, SELFTEST = "media/ticket.py", "meetings/join.py", "meetings/signal.py", "media/selftest.py"
READS = "accounts/oidc.py"
# Who may see the secret with which a ticket is signed: where it is made and hashed, the engine that reads it, and three ways of proving
# that one knows it.
SECRET = {"media/child.py", "media/credentials.py", "media/engine.py", "media/ticket.py", "media/turn.py"}
# What join() calls to prove the link.
PROVES = {"access_meeting", "_access"}
TEXTS = st.text(min_size=1, max_size=40)


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def files_with(kind: type[ast.AST], attribute: str, *names: str) -> set[str]:
    """Return the files in which a node of a kind carries one of these names."""
    return {name_of(path) for path in FILES for node in nodes(path) if isinstance(node, kind) and getattr(node, attribute) in names}


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return what is named, asked for and called in a file; every test here looks through all files."""
    return [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.alias | ast.Attribute | ast.Call)
    ]


def test_tokens_are_signed_in_one_file() -> None:
    # One other reads tokens: those that people's own providers sign (SSO-5).
    assert {name_of(path) for path in FILES if {"jwt", "jose", "authlib.jose"} & imported(path)} == {MINT, READS}
    assert "jwt.encode" not in (SOURCE / READS).read_text(encoding="utf-8")
    assert not files_with(ast.alias, "name", "AccessToken", "VideoGrants", "livekit.api.access_token")
    assert not files_with(ast.Attribute, "attr", "AccessToken", "VideoGrants", "with_grants")


def test_the_signing_secret_is_seen_by_nobody_else() -> None:
    own = {"accounts", "kernel", "transparency"}  # other secrets of other people
    assert {name for name in files_with(ast.Attribute, "attr", "secret") if name.partition("/")[0] not in own} == SECRET


def test_only_joining_mints_a_ticket_to_a_call() -> None:
    """And the gate, anew from one that it has just admitted (POL-19), and the self-test, which mints one to a room that can be no call."""
    called = {
        name_of(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and "mint" in ast.unparse(node.func)
    }
    assert called == {JOIN, GATE, SELFTEST}
    assert not files_with(ast.alias, "name", "conclave.media.ticket.mint")


def test_joining_asks_the_gate_before_it_mints() -> None:
    story = ast.parse((SOURCE / JOIN).read_text(encoding="utf-8"))
    (join,) = [node for node in story.body if isinstance(node, ast.FunctionDef) and node.name == "join"]
    lines = {ast.unparse(node.func): node.lineno for node in ast.walk(join) if isinstance(node, ast.Call)}
    link = [line for name, line in lines.items() if name in PROVES]
    assert link
    assert max(link) < lines["enforce"] < lines["_ticket"]


def test_the_gate_mints_only_for_whom_it_has_admitted_and_the_same_place() -> None:
    story = ast.parse((SOURCE / GATE).read_text(encoding="utf-8"))
    functions = {node.name: node for node in story.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert [name for name, node in functions.items() if "ticket.mint" in ast.unparse(node)] == ["_token"]
    assert [name for name, node in functions.items() if "_token, " in ast.unparse(node)] == ["admit_signal"]
    lines = [ast.unparse(node) for node in ast.walk(functions["admit_signal"]) if isinstance(node, ast.Await)]
    assert lines.index("await _check_seat(call=opens.call, participant=opens.participant, region=region_id, now=now)") < lines.index(
        "await in_thread(_token, opens, region, now)"
    )
    assert "call=opens.call, participant=opens.participant" in ast.unparse(functions["_token"])


@given(call=TEXTS, participant=TEXTS, now=st.integers(min_value=0, max_value=2**42))
def test_a_ticket_says_who_and_where_and_nothing_that_makes_more_of_a_seat(call: str, participant: str, now: int) -> None:
    """No hidden one, no recorder, no agent, no data, no room to create, whatever ids it is asked for."""
    where = {"room": call, "roomJoin": True, "canSubscribe": True, "canPublishData": False}
    said: dict[str, Any] = jwt.decode(
        ticket.mint(call=call, participant=participant, credentials=PAIR, now=now), options={"verify_signature": False}
    )
    grants = said.pop("video")
    assert said == {"iss": PAIR.key, "sub": participant, "nbf": now // 1000, "exp": now // 1000 + 60}
    # What may be published is the policy's to say; nothing else is anybody's.
    assert {name: value for name, value in grants.items() if name not in {"canPublish", "canPublishSources"}} == where


def test_nothing_can_be_asked_for_beside_who_and_where() -> None:
    assert set(inspect.signature(ticket.mint).parameters) - {"sources"} == {"call", "participant", "credentials", "now"}


def test_a_self_tests_ticket_opens_no_call() -> None:
    said = ticket.read(token=selftest.open_room(visitor=new_id(), credentials=PAIR, now=10**12), credentials=PAIR, now=10**12)
    assert selftest.is_selftest(room=said.call)
    assert not selftest.is_selftest(room=new_id())
