"""The public ledger as everybody gets it: files of a log, and a page that says how it stands (LEDG-3, LEDG-4, LEDG-6)."""

from pathlib import Path

import pytest
from django.test import Client

from conclave.transparency.cosign import cosign_now
from conclave.transparency.ledger import Draft, append_all
from conclave.transparency.models import Head, Witness
from conclave_verify import merkle, note, quorum, tile
from conclave_verify.ledger import check
from conclave_verify.note import Malformed
from tests.transparency.conftest import NOW, own

pytestmark = pytest.mark.django_db
PREFIX = "/transparency"


class Visitor:
    """Reads the public files as a visitor."""

    def __init__(self) -> None:
        self.client = Client(headers={"accept-language": "en"})

    def read(self, path: str) -> bytes | None:
        answer = self.client.get(f"{PREFIX}/{path}")
        return answer.content if answer.status_code == 200 else None


def fill(count: int) -> None:
    append_all(drafts=[Draft(kind="ORDER", fields={"n": number}) for number in range(count)], now=NOW)


def test_ledg_8_what_is_served_is_a_ledger_that_verifies(state: Path) -> None:
    fill(300)
    with own(state):
        cosign_now(now=NOW)
    visitor = Visitor()
    policy = quorum.parse(visitor.read("policy") or b"")
    result = check(files=visitor, policy=policy)
    assert result.types == {"ORDER": 300}
    fill(3)
    assert check(files=visitor, policy=policy).types == {"ORDER": 300}, "what is not signed yet is not shown"


def test_ledg_4_what_is_shown_is_the_newest_that_enough_have_signed(state: Path) -> None:
    visitor = Visitor()
    assert visitor.read("checkpoint") is None
    fill(2)
    with own(state):
        cosign_now(now=NOW)
    first = visitor.read("checkpoint")
    assert b"/transparency/witness" in (first or b"")
    fill(1)
    with pytest.raises(Exception, match="witness_away"):
        cosign_now(now=NOW)
    assert visitor.read("checkpoint") == first
    with own(state):
        cosign_now(now=NOW)
    assert note.parse(visitor.read("checkpoint") or b"").text.splitlines()[1] == "3"


def test_ledg_3_headers_let_caches_keep_what_never_changes(state: Path) -> None:
    fill(300)
    with own(state):
        cosign_now(now=NOW)
    client = Client()
    for path in ("tile/0/000", "tile/entries/001.p/44", "tile/1/000.p/1"):
        answer = client.get(f"{PREFIX}/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/octet-stream")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("checkpoint", "policy"):
        answer = client.get(f"{PREFIX}/{path}")
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/plain; charset=utf-8", "public, max-age=2")
        assert "Set-Cookie" not in answer
    packed = client.get(f"{PREFIX}/tile/entries/000", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    hashes = tile.hashes(client.get(f"{PREFIX}/tile/0/000").content)
    entries = tile.entries(client.get(f"{PREFIX}/tile/entries/000").content)
    assert [merkle.leaf_hash(entry) for entry in entries] == hashes


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/0/001",
        "tile/0/000.p/45",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/a",
        "tile/entries/" + "x001/" * 40 + "001",
        "tile/",
    ],
)
def test_ledg_3_what_is_no_tile_is_not_found(path: str) -> None:
    fill(44)
    cosignless = Client()
    with pytest.raises(Exception, match="witness_away"):
        cosign_now(now=NOW)
    answer = cosignless.get(f"{PREFIX}/{path}")
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
    assert cosignless.get(f"{PREFIX}/tile/0/000.p/44").status_code == 200
    assert cosignless.post(f"{PREFIX}/tile/0/000.p/44").status_code == 405


def test_the_page_says_how_it_stands(state: Path) -> None:
    client = Client()
    empty = client.get(f"{PREFIX}/", headers={"accept-language": "en"}).content.decode()
    assert "There is no line yet." in empty
    assert "The witness has not started yet." in empty
    fill(7)
    with own(state):
        cosign_now(now=NOW)
        fill(2)
        page = client.get(f"{PREFIX}/", headers={"accept-language": "en"}).content.decode()
    assert '<dd data-part="size">7</dd>' in page
    assert '<dd data-part="waiting">2</dd>' in page
    assert "No independent witness yet." in page
    assert "meet.example/transparency/witness" in page
    assert "it agrees." in page
    french = client.get(f"{PREFIX}/", headers={"accept-language": "fr"}).content.decode()
    assert "Pas encore de témoin indépendant." in french
    with pytest.raises(Exception, match="witness_away"):
        cosign_now(now=NOW)
    away = client.get(f"{PREFIX}/", headers={"accept-language": "en"}).content.decode()
    assert "it does not answer now." in away


def test_the_page_says_when_the_ledger_does_not_continue_what_was_signed(state: Path) -> None:
    fill(7)
    with own(state):
        cosign_now(now=NOW)
    Head.objects.update(size=6)
    page = Client().get(f"{PREFIX}/", headers={"accept-language": "en"}).content.decode()
    assert "The ledger does not continue what was published." in page


def test_ledg_6_the_policy_is_one_only_when_there_is_a_witness(state: Path) -> None:
    answer = Client().get(f"{PREFIX}/policy", headers={"accept-language": "en"})
    assert answer.status_code == 404
    with own(state):
        pass
    read = quorum.parse(Client().get(f"{PREFIX}/policy").content)
    assert (read.quorum, list(read.witnesses)) == ("own", ["own"])
    with pytest.raises(Malformed):
        quorum.parse(answer.content)


def test_ledg_4_the_page_says_that_a_witness_contradicts(state: Path) -> None:
    fill(1)
    with own(state) as cosigner:
        cosign_now(now=NOW)
    assert 'data-part="trouble"' not in Client().get(f"{PREFIX}/").content.decode()
    Witness.objects.filter(vkey=cosigner.key.vkey).update(failure="ahead")
    assert 'data-part="trouble"' in Client().get(f"{PREFIX}/").content.decode()
