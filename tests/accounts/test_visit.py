"""sso: a visit to somebody else's server has one deadline (SSO-6), and few go on at once, so that none of them holds the site (SSO-14)."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from conclave.accounts import proof_dns, visit
from conclave.accounts.challenge import Method, Outcome
from conclave.accounts.claim import check_now, claim_domain
from conclave.accounts.models import DomainClaim
from conclave.accounts.proof_dns import addresses
from conclave.accounts.tenure import State
from conclave.accounts.visit import PLACES, Crowded, Unvisited, Web, ask
from conclave.kernel.errors import TooOften
from tests.accounts.colleagues import NOW, account, organisation, person
from tests.accounts.nameserver import NameServer
from tests.accounts.webserver import says, web_server

HOST = "example.org"


class Tarpit:
    """A server that takes every connection, and answers none before it is let go."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.came = threading.Semaphore(0)
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self._held.append(self._listener.accept()[0])
            except OSError:
                return
            self.came.release()

    def let_go(self) -> None:
        """Hang up; done twice, it does nothing more."""
        if not self._thread.is_alive():
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for one in self._held:
            one.close()


@pytest.fixture
def tarpit() -> Iterator[Tarpit]:
    there = Tarpit()
    yield there
    there.let_go()


def visits(tarpit: Tarpit, subject: str) -> object:
    web = Web(find=lambda host: [host], permits=lambda _address: True, wait_seconds=30, subject=subject)
    return ask(url=f"http://127.0.0.1:{tarpit.port}/", web=web, most_bytes=100)


def test_sso_14_a_server_that_never_answers_holds_few_threads(tarpit: Tarpit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "MOST_FOR_ONE", 2)
    monkeypatch.setattr(visit, "MOST_AT_ONCE", 3)
    with ThreadPoolExecutor(3) as pool:
        try:
            going = [pool.submit(visits, tarpit, "mallory") for _ in range(2)]
            assert all(tarpit.came.acquire(timeout=20) for _ in going)
            with pytest.raises(Crowded):
                visits(tarpit, "mallory")
            going.append(pool.submit(visits, tarpit, "alice"))
            assert tarpit.came.acquire(timeout=20), "another organisation's is asked"
            with pytest.raises(Crowded):
                visits(tarpit, "bob")
            assert not tarpit.came.acquire(blocking=False), "whoever is refused asks nothing"
        finally:
            tarpit.let_go()
        for one in going:
            assert type(one.exception(timeout=20)) is Unvisited
    with pytest.raises(Unvisited) as over:
        visits(tarpit, "mallory")
    assert over.type is Unvisited, "the places are free again"


def test_sso_6_the_name_and_the_answer_have_one_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(visit, "time", SimpleNamespace(monotonic=lambda: now[0]))
    spent = [0.0]

    def find(_host: str) -> list[str]:
        now[0] += spent[0]
        return ["127.0.0.1"]

    with web_server(tmp_path, host=HOST) as server:
        server.answer = says(b"here")
        web = Web(find=find, permits=lambda _address: True, port=server.port, trusted=server.trusted, wait_seconds=20)
        assert ask(url=f"https://{HOST}:{server.port}/", web=web, most_bytes=100).body == b"here"
        spent[0] = 20.0
        with pytest.raises(Unvisited):
            ask(url=f"https://{HOST}:{server.port}/", web=web, most_bytes=100)


def test_sso_6_silent_resolvers_share_the_time_of_one_look(names: list[NameServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_dns, "WAIT_SECONDS", 1.0)
    monkeypatch.setattr(proof_dns, "TRY_SECONDS", 10.0)
    for one in names:
        one.misbehave(HOST, "silent")
    assert not addresses(host=HOST, resolvers=tuple(one.resolver for one in names))
    assert [len(one.asked) for one in names] == [1, 1], "the share of each is spent by one question; no time is added for the next"


def test_a_silent_resolver_leaves_time_for_the_next(names: list[NameServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_dns, "WAIT_SECONDS", 3.0)
    names[0].misbehave(HOST, "silent")
    names[1].put(HOST, "A", "192.0.2.7")
    assert addresses(host=HOST, resolvers=tuple(one.resolver for one in names)) == ["192.0.2.7"]


@pytest.mark.parametrize(("vendor", "inside", "closed"), [("postgresql", "", 1), ("postgresql", "a transaction", 0), ("sqlite", "", 0)])
def test_sso_14_a_visit_holds_no_connection_of_the_pool(vendor: str, inside: str, closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    closings: list[int] = []
    there = SimpleNamespace(vendor=vendor, in_atomic_block=bool(inside), close=lambda: closings.append(1))
    monkeypatch.setattr(visit, "connection", there)
    with PLACES.place(subject="alice"):
        assert len(closings) == closed


@pytest.mark.django_db
def test_sso_14_a_look_that_finds_no_place_is_refused_and_says_nothing_of_the_claim(names: list[NameServer]) -> None:
    alice = person("alice@example.org", "Alice")
    school, other = (organisation(alice, name) for name in ("School", "Other School"))
    mine, theirs = (
        claim_domain(organisation=one, account=account(alice), domain=HOST, method=Method.DNS, now=NOW) for one in (school, other)
    )
    with ExitStack() as held:
        for _ in range(visit.MOST_FOR_ONE):
            held.enter_context(PLACES.place(subject=school))
        with pytest.raises(TooOften):
            check_now(organisation=school, account=account(alice), claim=mine, now=NOW)
        assert not any(one.asked for one in names)
        assert DomainClaim.objects.get(pk=mine).outcome == ""
        assert check_now(organisation=other, account=account(alice), claim=theirs, now=NOW) is Outcome.ABSENT
    assert check_now(organisation=school, account=account(alice), claim=mine, now=NOW) is Outcome.ABSENT
    assert DomainClaim.objects.get(pk=mine).state == State.PENDING
