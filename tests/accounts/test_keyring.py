"""The keyring at the server: ciphertext, one version after the other, for whoever is signed in and for nobody else."""

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Model
from django.test import Client

from conclave.accounts.factors import forget_factors
from conclave.accounts.keyring import Stored, read_keyring, write_keyring
from conclave.accounts.models import Keyring, KeyringOpener, User
from conclave.accounts.opener import MOST, Opener, OpenerKind
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER
from conclave.meetings import keyring_api
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import Post, signed_in
from tests.accounts.mailbox import Mailbox, text_of
from tests.accounts.passkey import Passkey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]

RING, OTHER = "A" * 22, "B" * 21 + "A"


def opener(number: int, kind: str = "recovery", **more: Any) -> dict[str, Any]:
    """Return an opener as a browser sends it."""
    secret = {} if kind == "device" else {"secret": "s" * 222}
    return {"opener": f"{number:020}AA", "kind": kind, "wrapped": "w" * 167, **secret, **more}


def put(browser: Client, *, expects: int, ring: str = RING, sealed: str = "c2VhbGVk", **more: Any) -> Any:
    """Write a version."""
    return browser.put("/api/v1/keyring", {"ring": ring, "expects": expects, "sealed": sealed, **more}, content_type="application/json")


def told(answer: Any) -> tuple[int, str]:
    """Return how a request was refused."""
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def browser(alice: User) -> Client:
    """Alice's browser."""
    return signed_in(alice)


def test_it_keeps_what_the_browser_sent_and_gives_it_back(browser: Client, alice: User) -> None:
    assert browser.get("/api/v1/keyring").json() == {"account": alice.pk, "keyring": None, "passkeys": []}
    openers = [opener(1), opener(2, "device")]
    assert put(browser, expects=0, openers=openers).json() == {"version": 1}
    assert put(browser, expects=1, sealed="bmV4dA").json() == {"version": 2}
    kept = browser.get("/api/v1/keyring").json()["keyring"]
    shown = [{"credential": None, "secret": None, **one} for one in openers]
    assert kept == {"ring": RING, "version": 2, "sealed": "bmV4dA", "openers": shown}


def test_keyr_4_who_was_slower_changes_nothing(browser: Client) -> None:
    put(browser, expects=0, openers=[opener(1)])
    put(browser, expects=1, sealed="Zmlyc3Q")
    before = browser.get("/api/v1/keyring").json()
    for late in ({"expects": 1}, {"expects": 3}, {"expects": 0, "openers": [opener(9)]}, {"expects": 2, "ring": OTHER}):
        assert told(put(browser, openers=late.pop("openers", None), **late)) == (409, "keyring_moved")
        assert browser.get("/api/v1/keyring").json() == before
    browser.delete("/api/v1/keyring")
    assert told(put(browser, expects=2)) == (409, "keyring_moved")


def test_keyr_4_what_is_read_is_of_one_version_also_when_another_browser_writes_meanwhile(browser: Client, alice: User) -> None:
    put(browser, expects=0, openers=[opener(1)])
    writes = iter([2])

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        if "accounts_keyringopener" in sql and (number := next(writes, None)):
            put(browser, expects=1, sealed="bmV4dA", openers=[opener(number)])
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        kept = read_keyring(account=UserId(alice.pk))
    assert kept is not None
    assert (kept.version, kept.sealed, [one.opener for one in kept.openers]) == (2, "bmV4dA", [opener(2)["opener"]])


def test_keyr_1_nothing_opens_it_that_the_server_is_ever_told() -> None:
    """There is no kind of opener for a password, and no column that could hold a key of one."""
    assert {one.value for one in OpenerKind} == {"passkey", "recovery", "device"}
    tables: tuple[type[Model], ...] = (Keyring, KeyringOpener)
    assert {field.name for table in tables for field in table._meta.concrete_fields} == {
        "user", "ring", "version", "sealed", "made_at", "changed_at", "id", "keyring", "opener", "kind", "passkey", "secret", "wrapped",
    }  # fmt: skip


def test_keyr_1_a_new_password_changes_nothing_of_it(browser: Client, alice: User) -> None:
    put(browser, expects=0, openers=[opener(1)])
    before = browser.get("/api/v1/keyring").json()
    new = {"oldpassword": "correct horse battery staple", "password1": "another horse entirely 5", "password2": "another horse entirely 5"}
    assert browser.post("/account/password/change/", new).status_code == 302
    alice.refresh_from_db()
    assert signed_in(alice, "another horse entirely 5").get("/api/v1/keyring").json() == before


def test_it_is_its_persons_alone(browser: Client, bob: User) -> None:
    put(browser, expects=0, openers=[opener(1)])
    bobs = signed_in(bob)
    assert bobs.get("/api/v1/keyring").json()["keyring"] is None
    assert told(put(bobs, expects=1)) == (409, "keyring_moved")
    assert bobs.delete("/api/v1/keyring").status_code == 204
    assert browser.get("/api/v1/keyring").json()["keyring"]["version"] == 1
    stranger = Client()
    for answer in (stranger.get("/api/v1/keyring"), put(stranger, expects=0), stranger.delete("/api/v1/keyring")):
        assert told(answer) == (401, "not_signed_in")


def test_a_page_of_another_site_cannot_touch_it(browser: Client) -> None:
    """JOIN-3."""
    put(browser, expects=0, openers=[opener(1)])
    answer = browser.delete("/api/v1/keyring", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert told(answer) == (403, "other_origin")
    assert Keyring.objects.exists()


def test_an_openers_secret_stays_when_only_its_key_is_sent(browser: Client) -> None:
    put(browser, expects=0, openers=[opener(1), opener(2, "device")])
    again = opener(1, wrapped="x" * 167)
    del again["secret"]
    assert put(browser, expects=1, openers=[again]).status_code == 200
    kept = browser.get("/api/v1/keyring").json()["keyring"]["openers"]
    assert [(one["secret"], one["wrapped"]) for one in kept] == [("s" * 222, "x" * 167)]


def test_keyr_10_what_is_not_a_keyring_is_refused_whole(browser: Client) -> None:
    put(browser, expects=0, openers=[opener(1), opener(2, "device")])
    before = browser.get("/api/v1/keyring").json()
    without = opener(3)
    del without["secret"]
    wrong: list[dict[str, Any]] = [
        {"openers": [opener(1), opener(1, "device")]},
        {"openers": [opener(1), opener(3)]},
        {"openers": [opener(number, "device") for number in range(MOST[OpenerKind.DEVICE] + 1)]},
        {"openers": [opener(number, "passkey", credential="AQ") for number in range(MOST[OpenerKind.PASSKEY] + 1)]},
        {"openers": []},
        {"openers": [without]},
        {"openers": [opener(3, credential="AQ")]},
        {"openers": [opener(3, "passkey")]},
        {"openers": [opener(3, "device", secret="s" * 222)]},
        {"openers": [opener(3, "password")]},
        {"openers": [opener(3, wrapped="w" * 166)]},
        {"openers": [opener(3, opener="short")]},
        {"sealed": "a" * (48 * 1024 + 1)},
        {"sealed": "not base64!"},
        {"sealed": ""},
        {"ring": "short"},
        {"expects": -1},
        {"expects": "1"},
        {"expects": 1.5},
        {"password": "correct horse"},
    ]
    for body in wrong:
        assert told(put(browser, **{"expects": 1, **body})) == (400, "malformed"), body
    assert told(put(browser, expects=1, openers=[opener(3, "passkey", credential="AQ")])) == (422, "passkey_unknown")
    assert browser.get("/api/v1/keyring").json() == before
    browser.delete("/api/v1/keyring")
    assert told(put(browser, expects=0)) == (400, "malformed")
    assert not Keyring.objects.exists()


def test_keyr_8_with_a_passkey_goes_what_it_opens(browser: Client, alice: User, bob: User) -> None:
    key = Passkey(b"key of Alice")
    key.add(browser, "Laptop")
    [known] = browser.get("/api/v1/keyring").json()["passkeys"]
    assert known["name"] == "Laptop"
    bobs = signed_in(bob)
    assert told(put(bobs, expects=0, openers=[opener(1, "passkey", credential=known["credential"])])) == (422, "passkey_unknown")
    openers = [opener(1, "passkey", credential=known["credential"]), opener(2)]
    assert put(browser, expects=0, openers=openers).status_code == 200
    assert browser.get("/api/v1/keyring").json()["keyring"]["openers"][0]["credential"] == known["credential"]
    page = browser.get("/account").content.decode()
    assert "What opens it: 2." in page
    assert "do not open it yet" not in page
    passkey = Authenticator.objects.get(user=alice, type="webauthn")
    assert browser.post(f"/account/passkeys/{passkey.pk}/remove/").status_code == 302
    assert [one["kind"] for one in browser.get("/api/v1/keyring").json()["keyring"]["openers"]] == ["recovery"]


def test_a_passkey_that_does_not_open_it_yet_is_named_on_the_account(browser: Client) -> None:
    put(browser, expects=0, openers=[opener(1)])
    Passkey(b"key of Alice").add(browser)
    assert "Passkeys of yours that do not open it yet: 1." in browser.get("/account").content.decode()


def test_the_operator_who_helps_in_counts_passkeys_and_not_what_they_open(browser: Client, alice: User) -> None:
    key = Passkey(b"key of Alice")
    key.add(browser)
    [known] = browser.get("/api/v1/keyring").json()["passkeys"]
    put(browser, expects=0, openers=[opener(1, "passkey", credential=known["credential"]), opener(2)])
    assert forget_factors(user=alice) == 2, "a passkey and the codes that came with it"
    assert browser.get("/api/v1/keyring").json()["keyring"]["openers"][0]["kind"] == "recovery"


def test_whoever_it_belongs_to_is_told_when_something_new_opens_it(browser: Client, mailbox: Mailbox, post: Post, alice: User) -> None:
    put(browser, expects=0, openers=[opener(1)])
    put(browser, expects=1)
    put(browser, expects=2, openers=[opener(1), opener(2, "device")])
    put(browser, expects=3, openers=[opener(1)])
    browser.delete("/api/v1/keyring")
    browser.delete("/api/v1/keyring")
    post()
    mails = [text_of(mail) for mail in mailbox.to(alice.email)]
    words = ("It has a keyring now", "One more device, passkey or recovery code opens its keyring", "Its keyring was emptied")
    assert [[word in mail for mail in mails] for word in words] == [[True, False, False], [False, True, False], [False, False, True]]
    kinds = [row.kind for row in JournalEntry.objects.order_by("pk") if row.kind.startswith("keyring")]
    assert kinds == ["keyring_made", "keyring_opener_added", "keyring_openers_changed", "keyring_emptied"]


def test_keyr_10_it_is_not_asked_for_or_written_without_end(browser: Client, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    put(browser, expects=0, openers=[opener(1)])
    monkeypatch.setattr(LIMITER, "_buckets", {})
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    reads = [browser.get("/api/v1/keyring").status_code for _ in range(keyring_api.READ_RATE.burst + 1)]
    writes = [put(browser, expects=7).status_code for _ in range(keyring_api.WRITE_RATE.burst + 1)]
    assert (set(reads[:-1]), reads[-1], set(writes[:-1]), writes[-1]) == ({200}, 429, {409}, 429)
    assert signed_in(bob).get("/api/v1/keyring").status_code == 200, "each account for itself"


def test_two_browsers_that_begin_at_once_make_one_keyring(alice: User) -> None:
    """KEYR-4: the second finds that there is one, and keeps nothing of its own."""
    first, second = signed_in(alice), signed_in(alice)
    assert put(first, expects=0, openers=[opener(1)]).status_code == 200
    assert told(put(second, expects=0, ring=OTHER, openers=[opener(2)])) == (409, "keyring_moved")
    assert KeyringOpener.objects.get().opener == opener(1)["opener"]


def test_the_page_holds_nothing_that_opens_it_and_sends_no_form(browser: Client, alice: User) -> None:
    put(browser, expects=0, openers=[opener(1)])
    page = browser.get("/account/keyring").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert f'data-account="{alice.pk}"' in main
    assert "c2VhbGVk" not in page
    assert not re.findall(r"<form[^>]*(?:method|action)=", main), "the browser alone reads what is typed there"
    assert not re.findall(r"<input[^>]*name=", main)


def test_a_query_per_table_however_many_openers(browser: Client, django_assert_num_queries: Any) -> None:
    put(browser, expects=0, openers=[opener(1), *(opener(number, "device") for number in range(2, 20))])
    with django_assert_num_queries(6):  # session, person, keyring, openers, whether that is one version, passkeys
        assert json.loads(browser.get("/api/v1/keyring").content)["keyring"]["version"] == 1


def test_what_is_read_is_read_as_it_was_written(alice: User) -> None:
    """Also where nobody asks over the network."""
    account = UserId(alice.pk)
    one = Opener(opener="O" * 22, kind=OpenerKind.DEVICE, credential=None, secret=None, wrapped="w" * 167)
    write_keyring(account=account, ring=RING, expects=0, sealed="s", openers=(one,), now=1)
    assert read_keyring(account=account) == Stored(ring=RING, version=1, sealed="s", openers=(one,))
