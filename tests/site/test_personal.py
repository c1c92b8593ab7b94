"""Everything about one person in one archive, and everything about them gone: from every table, and from the disk."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from conclave import admin
from conclave.accounts import personal as accounts
from conclave.accounts.challenge import Method
from conclave.accounts.claim import claim_domain
from conclave.accounts.devices import note_device
from conclave.accounts.invite import accept
from conclave.accounts.invite import invite as offer
from conclave.accounts.keyring import write_keyring
from conclave.accounts.models import (
    IdentityProvider,
    Membership,
    OwnerLink,
    PasskeyAsk,
    ProviderIdentity,
    School,
    StaffMember,
    User,
)
from conclave.accounts.opener import Opener, OpenerKind
from conclave.accounts.organise import found
from conclave.accounts.owner import access_link
from conclave.accounts.personal import GRACE_MS, ask_erasure, due, keep_account
from conclave.accounts.rulebook import save
from conclave.accounts.rules import Guests, Policy
from conclave.accounts.standing import LastOwner
from conclave.accounts.tokens import make_token
from conclave.authorities.models import Disclosure, Glass, Hand, Measure, Order
from conclave.authorities.models import Subject as ToldOf
from conclave.gate.apply import Action, Met, apply
from conclave.gate.impose import impose_measure, lift
from conclave.gate.models import Restriction
from conclave.gate.policy import Confidence, Evidence, Kind, Subject
from conclave.gate.policy import Measure as Held
from conclave.kernel import clock, oblivion, outbox
from conclave.kernel.ids import new_id
from conclave.kernel.models import OutboxEvent
from conclave.meetings.bans import shut_out
from conclave.meetings.door import Newcomer, Shown
from conclave.meetings.invitations import invite
from conclave.meetings.join import join
from conclave.meetings.knock import knock
from conclave.meetings.models import Ban, Call, Invitation, Knock, Meeting, Participant
from conclave.meetings.own import create_meeting
from conclave.site import personal
from conclave.site.personal import TITLES, erase, settle_erasures, write_archive
from conclave.transparency.journal import first_broken
from conclave.transparency.models import JournalEntry, JournalOpening
from tests.gate.sealed import sealed
from tests.meetings.conftest import _fresh_memory, account_of, device_of, key_of
from tests.meetings.test_oblivion import named

__all__ = ["_fresh_memory"]
pytestmark = pytest.mark.django_db
NOW = clock.now()
PASSWORD = "correct horse battery staple"
NAME, EMAIL = "Alice Canary-7431", "canary-7431@example.org"
BOBS = ("Bob Canary-8642", "canary-8642@example.org")
# Whoever has an account has a password; nobody types this one.
HASH = "pbkdf2_sha256$1$salt$kpqYMMrFIRvnPYUXwyWGhAcxtJMaVMvJ4oQWjFBAtYU="


@pytest.fixture(autouse=True)
def _just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for whose week is over as a fresh process does."""
    monkeypatch.setattr(personal, "_looking", clock.Seldom(every_ms=clock.MINUTE))


def person(name: str, email: str) -> User:
    """Return somebody with an account."""
    user = User.objects.create(name=name, email=email, password=HASH, is_verified=True, created_at=NOW)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def own(user: User, title: str, *, waiting: str = "uninvited") -> dict[str, Any]:
    """Make somebody a meeting; return what its link shows."""
    meeting, link_id = new_id(), new_id()
    create_meeting(meeting=meeting, title=title, link_id=link_id, host_hash=new_id(), owner=account_of(user), now=NOW)
    Meeting.objects.filter(pk=meeting).update(waiting=waiting)
    return {"meeting": meeting, "link_id": link_id}


def newcomer(user: User) -> Newcomer:
    """Return somebody at a door, signed in."""
    first = user.name.partition(" ")[0]
    return Newcomer(name=user.name, signature_key=key_of(first), device=device_of(first), account=account_of(user))


@pytest.fixture
def alice() -> User:
    """Alice, who has left something everywhere."""
    return everywhere()


def everywhere() -> User:
    """Let Alice and Bob do everything that leaves a row; a new table that points at people needs a row of hers here."""
    alice, bob = person(NAME, EMAIL), person(*BOBS)
    for user in (alice, bob):
        Client().force_login(user)
    access_link(email=EMAIL, now=NOW)
    hers, his, open_one, watched = (
        own(alice, "Plans"), own(bob, "Elsewhere"), own(bob, "A third", waiting="nobody"), own(bob, "A fourth", waiting="everybody"),
    )  # fmt: skip
    invite(meeting=hers["meeting"], owner=account_of(alice), digest="A" * 43, whom=BOBS[0], days=7, now=NOW)
    invite(meeting=his["meeting"], owner=account_of(bob), digest="B" * 43, whom=EMAIL, days=7, now=NOW)
    join(**hers, newcomer=newcomer(alice), again=None, now=NOW)
    knock(**hers, newcomer=newcomer(bob), seal=None, shown=Shown(), now=NOW)
    for user in (bob, alice):
        join(**open_one, newcomer=newcomer(user), again=None, now=NOW)
    knock(**watched, newcomer=newcomer(alice), seal=None, shown=Shown(), now=NOW)
    subjects = [(Subject.ACCOUNT, alice.pk), (Subject.DEVICE, device_of("Alice"))]
    with transaction.atomic():
        shut_out(meeting=his["meeting"], subjects=subjects, name=NAME, signed_in=True, by="", blocked=False, now=NOW)
        outbox.emit(kind="test", payload={"mail": {"to": EMAIL}}, now=NOW)
        outbox.emit(kind="test", payload={"mail": {"to": BOBS[1]}}, now=NOW)
    shared = found(name="Harbour School", account=account_of(bob), now=NOW)
    for address in ("somebody@example.org", EMAIL):
        link = offer(organisation=shared, account=account_of(bob), address=address, role="admin", now=NOW)
    accept(token=link.partition("#")[2], account=account_of(alice), now=NOW)
    offer(organisation=shared, account=account_of(alice), address="another@example.org", role="member", now=NOW)
    claim_domain(organisation=shared, account=account_of(alice), domain="harbour.example", method=Method.DNS, now=NOW)
    save(organisation=shared, account=account_of(alice), policy=Policy(guests=Guests.NONE), seen=0, now=NOW)
    StaffMember.objects.create(user=alice, orders="reviewer", work_country="FR", since=NOW)
    PasskeyAsk.objects.create(user=alice, asked_at=NOW)
    Membership.objects.filter(organisation=shared, user=alice).update(minor=True)
    School.objects.create(
        organisation_id=shared, country="FR", registry="0750001A", evidence="A page", contact_name="Carol", contact="Room 4",
        standing="approved", asked_by=alice, asked_at=NOW, ends_at=NOW + clock.DAY,
    )  # fmt: skip
    came = {"organisation_id": shared, "issuer": "https://login.harbour.example", "subject": "1"}
    ProviderIdentity.objects.create(**came, address=EMAIL, user=alice, linked_at=NOW, used_at=NOW)
    IdentityProvider.objects.create(
        organisation_id=shared, issuer=came["issuer"], client_id="conclave", secret="sealed", made_by=alice, changed_at=NOW
    )
    make_token(account=account_of(alice), name="Program of " + NAME, scopes=["meetings:read"], days=7, now=NOW)
    make_token(account=account_of(alice), name="Sync", scopes=["people:read"], days=7, organisation=shared, now=NOW)
    note_device(user=alice, key="k" * 32, agent="Chromium", now=NOW)
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "sealed"})
    code = Opener(opener="O" * 22, kind=OpenerKind.RECOVERY, credential=None, secret="s" * 64, wrapped="w" * 167)
    write_keyring(account=account_of(alice), ring="R" * 22, expects=0, sealed="sealed", openers=(code,), now=NOW)
    order = Order.objects.create(
        channel="post", kind="act", authority="Court", authority_kind="court", authority_territory="CN", contact="x", received_at=NOW
    )
    Hand.objects.create(order=order, account=alice.pk, part="reviewer", at=NOW)
    Measure.objects.create(order=order, kind="remove_from", territory="CN", account=alice.pk, starts_at=NOW, ends_at=NOW + clock.DAY)
    told = Disclosure.objects.create(order=order, territory="CN", fields=["accounts.User.email"], made_at=NOW, ends_at=NOW + clock.DAY)
    who = {"account": alice.pk, "territory": "CN", "country": "CN", "database": "d" * 64, "built_at": 1}
    ToldOf.objects.create(disclosure=told, given_at=NOW, told_at=NOW, **who)
    Glass.objects.create(asker=alice.pk, scope="addresses", target=alice.pk, reason="A look", asked_at=NOW)
    there = Evidence(country="CN", confidence=Confidence.HIGH, database="d" * 64, built_at=1)
    with transaction.atomic(), pytest.MonkeyPatch.context() as witness:
        witness.setattr("conclave.transparency.cosign.is_cosigned", lambda **_how: True)
        met = Met(meeting=his["meeting"], device=device_of("Alice"), account=alice.pk)
        held = Held(id=new_id(), kind=Kind.REMOVE_FROM, territory="CN", meeting=his["meeting"], starts_at=NOW, ends_at=NOW + clock.DAY)
        impose_measure(measure=sealed(held))
        apply(measure=held.id, territory="CN", action=Action.DENIED, met=met, evidence=there, now=NOW)
        lift(notice=held.id)
    ask_erasure(account=account_of(alice), now=NOW)
    return alice


def rows_with(*words: str) -> list[str]:
    """Return the columns in which one of these words stands, sessions read as the server reads them."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.all():
            kept = {field.name: str(field.value_from_object(row)) for field in model._meta.concrete_fields}
            if isinstance(row, Session):
                kept["session_data"] = str(row.get_decoded())
            found += [f"{model._meta.label}.{name}" for name, text in kept.items() if any(word.lower() in text.lower() for word in words)]
    return found


def archive_of(user: User, language: str = "en") -> dict[str, Any]:
    """Return the files of somebody's archive, JSON read."""
    file = io.BytesIO()
    write_archive(account=user.pk, language=language, now=NOW, file=file)
    return read(file)


def read(file: io.BytesIO) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist()), "two domains have a section of one name"
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()}


def test_the_scene_has_a_row_of_hers_in_every_table_that_points_at_people(alice: User) -> None:
    pointing = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model is User
    }
    hers = {found.rpartition(".")[0] for found in rows_with(alice.pk)}
    assert not sorted(pointing - hers), "give Alice such a row in everywhere(), and say in the domain's personal.py what becomes of it"


def test_after_an_erasure_no_row_of_any_table_has_her_id_address_or_name(alice: User) -> None:
    assert rows_with(alice.pk, EMAIL, NAME)
    erase(account=alice.pk, now=NOW + 1)
    assert rows_with(alice.pk, EMAIL, NAME) == []


@pytest.mark.django_db(transaction=True)
def test_nor_has_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """In no freed page and no write-ahead log; of Bob everything is still there."""
    just_cut = clock.Seldom(every_ms=oblivion.EVERY_MS)
    assert just_cut.due(now=clock.now())
    monkeypatch.setattr(oblivion, "_cutting", just_cut)
    alice = everywhere()
    words = [alice.pk, EMAIL, NAME]
    assert set.union(*named(words).values()) == set(words)
    erase(account=alice.pk, now=NOW + 1)
    oblivion.settle_oblivion(clock.now() + oblivion.EVERY_MS)
    assert named(words) == {}
    assert set.union(*named(list(BOBS)).values()) == set(BOBS)


def test_what_is_others_stays_and_the_journal_holds(alice: User) -> None:
    entries = JournalEntry.objects.count()
    erase(account=alice.pk, now=NOW + 1)
    bob = User.objects.get()
    assert bob.name == BOBS[0]
    assert sorted(Meeting.objects.filter(deleted_at=None).values_list("title", flat=True)) == ["A fourth", "A third", "Elsewhere"]
    assert Call.objects.filter(ended_at=None).count() == 1, "Bob's goes on, hers has ended"
    assert list(Participant.objects.filter(left_at=None).values_list("name", flat=True)) == [BOBS[0]]
    assert [(invitation.whom, invitation.address) for invitation in Invitation.objects.all()] == [("", "")]
    assert Ban.objects.get().name == ""
    assert list(Restriction.objects.values_list("subject_kind", flat=True)) == ["device"]
    assert Session.objects.count() == 1
    assert not OwnerLink.objects.exists()
    assert [event.payload for event in OutboxEvent.objects.filter(kind="test")] == [{"mail": {"to": BOBS[1]}}]
    assert set(Knock.objects.filter(account=None).values_list("state", flat=True)) == {"over"}
    assert first_broken() is None
    assert JournalEntry.objects.count() > entries
    assert JournalOpening.objects.filter(value=bob.pk).exists()


def test_whom_an_organisation_depends_on_hands_it_over_first(alice: User) -> None:
    bob = User.objects.exclude(pk=alice.pk).get()
    with pytest.raises(LastOwner):
        ask_erasure(account=account_of(bob), now=NOW)
    assert User.objects.get(pk=bob.pk).erase_at is None
    assert Membership.objects.filter(left_at=None).count() == 2


def test_her_meetings_ids_stay_taken(alice: User) -> None:
    """MEET-3."""
    meeting = Meeting.objects.get(owner=alice).pk
    erase(account=alice.pk, now=NOW + 1)
    assert Meeting.objects.get(pk=meeting).deleted_at == NOW + 1


def test_the_archive_has_everything_of_hers_and_a_page_that_says_what_it_is(alice: User) -> None:
    files = archive_of(alice)
    assert set(files) == {f"{name}.json" for name in TITLES} | {"index.html"}
    assert files["account.json"][0]["email"] == EMAIL
    assert files["addresses.json"] == [{"email": EMAIL, "verified": True, "primary": True}]
    assert [meeting["title"] for meeting in files["meetings.json"]] == ["Plans"]
    assert files["meetings.json"][0]["created_at"] == clock.to_datetime(NOW).isoformat()
    assert files["invitations_received.json"][0]["whom"] == EMAIL
    assert {len(files[f"{name}.json"]) for name in ("calls", "sessions", "invitations_made", "knocks", "bans", "restrictions")} == {1}
    assert [seat["name"] for seat in files["seats.json"]] == [NAME, NAME]
    assert {"meeting_made", "access_link_made", "erasure_asked"} <= {row["kind"] for row in files["journal.json"]}
    assert all(f'href="{name}.json"' in files["index.html"] for name in TITLES)
    assert "Vos données" in archive_of(alice, "fr")["index.html"]


def test_it_has_nothing_of_others_and_nothing_that_opens_anything(alice: User) -> None:
    bob, text = User.objects.exclude(pk=alice.pk).get(), json.dumps(archive_of(alice))
    assert not [word for word in (bob.pk, *BOBS, "Elsewhere", "A third", "A fourth") if word in text]
    assert not [word for word in (HASH, *Session.objects.values_list("session_key", flat=True)) if word in text]
    hashes = [*Participant.objects.values_list("seat_hash", flat=True), *OwnerLink.objects.values_list("token_hash", flat=True)]
    assert not [word for word in (*hashes, "A" * 43, *Knock.objects.values_list("secret_hash", flat=True)) if word in text]
    bobs = json.dumps(archive_of(bob))
    assert not [word for word in (alice.pk, EMAIL, NAME, "Plans") if word in bobs]


def test_however_much_there_is_it_is_written_row_by_row(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is asked for before the one before it is on its way."""
    taken: list[int] = []
    seen: set[int] = set()

    def rows() -> Iterator[dict[str, object]]:
        for number in range(1, 101):
            taken.append(number)
            yield {"number": number}

    class Domain:
        @staticmethod
        def export(*, account: str) -> dict[str, Iterator[dict[str, object]]]:
            assert account == alice.pk
            return {"many": rows()}

    class File(io.BytesIO):
        def write(self, data: Any, /) -> int:
            seen.add(len(taken))
            return super().write(data)

    monkeypatch.setattr(personal, "DOMAINS", [Domain])
    monkeypatch.setattr(personal, "_entry", lambda name, _made: zipfile.ZipInfo(name))  # not packed, so written at once
    file = File()
    write_archive(account=alice.pk, language="en", now=NOW, file=file)
    assert seen >= set(range(1, 101))
    assert len(read(file)["many.json"]) == 100


def test_a_week_passes_before_it_is_done_and_it_can_be_taken_back(alice: User) -> None:
    """Asked for by `everywhere`; asked twice, the first time counts."""
    account = account_of(alice)
    assert ask_erasure(account=account, now=NOW + 1000) == NOW + GRACE_MS
    settle_erasures(NOW + GRACE_MS - 1)
    assert User.objects.filter(pk=account).exists()
    keep_account(account=account, now=NOW)
    settle_erasures(NOW + GRACE_MS + clock.MINUTE)
    assert User.objects.filter(pk=account).exists()
    ask_erasure(account=account, now=NOW)
    settle_erasures(NOW + GRACE_MS + 2 * clock.MINUTE)
    assert rows_with(alice.pk, EMAIL, NAME) == []
    assert due(now=NOW + 2 * GRACE_MS) == []


def test_one_that_fails_holds_up_nobody_and_changes_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = User.objects.exclude(pk=alice.pk).get()
    erase(account=alice.pk, now=NOW)
    alice = person("Alice", "alice@example.org")
    for user in (alice, bob):
        ask_erasure(account=account_of(user), now=NOW + 1)
    real = accounts.erase

    def fails(*, account: str, now: int) -> None:
        if account == alice.pk:
            raise RuntimeError
        real(account=account, now=now)

    monkeypatch.setattr(accounts, "erase", fails)
    settle_erasures(NOW + 2 * GRACE_MS)
    assert list(User.objects.values_list("pk", flat=True)) == [alice.pk]


@pytest.fixture
def browser(alice: User, settings: Settings) -> Client:
    """Alice's browser, signed in; nothing is to be erased."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Authenticator.objects.all().delete()
    alice.set_password(PASSWORD)
    alice.save()
    client = Client()
    client.force_login(alice)
    keep_account(account=account_of(alice), now=NOW)
    return client


def types_the_password(browser: Client) -> None:
    """Say once more who sits there."""
    assert browser.post("/account/reauthenticate/?next=/account/data", {"password": PASSWORD})["Location"] == "/account/data"


def test_the_page_leads_to_a_copy_and_to_the_end(browser: Client, alice: User) -> None:
    types_the_password(browser)
    page = browser.get("/account/data").content.decode()
    assert "Take a copy of my data" in page
    assert 'href="/account/data"' in browser.get("/account").content.decode()
    read_first = browser.get("/account/data/erase").content.decode()
    assert "What stays, and why" in read_first
    assert "In 7 days." in read_first
    assert browser.post("/account/data/erase", {"email": BOBS[1]}).status_code == 422
    assert User.objects.get(pk=alice.pk).erase_at is None
    assert browser.post("/account/data/erase", {"email": EMAIL.upper()})["Location"] == "/account/data"
    assert "This account will be erased" in browser.get("/account/data").content.decode()
    assert browser.post("/account/data/keep")["Location"] == "/account/data"
    assert User.objects.get(pk=alice.pk).erase_at is None


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    """Return what is sent piece by piece."""
    return b"".join([piece async for piece in pieces])


def test_a_copy_is_a_file_to_keep_and_not_to_be_had_for_ever(browser: Client) -> None:
    types_the_password(browser)
    answer: Any = browser.get("/account/data/export")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="conclave-20')
    body = async_to_sync(whole)(answer.streaming_content)
    assert answer.headers["Content-Length"] == str(len(body))
    assert "no-store" in answer.headers["Cache-Control"]
    assert read(io.BytesIO(body))["account.json"][0]["email"] == EMAIL
    for _ in range(4):
        again: Any = browser.get("/account/data/export")
        assert async_to_sync(whole)(again.streaming_content)
    assert browser.get("/account/data/export").status_code == 429


def test_who_has_only_a_session_is_asked_for_the_password_first(browser: Client, alice: User) -> None:
    asked = [browser.get("/account/data/export"), browser.get("/account/data/erase"), browser.post("/account/data/erase", {"email": EMAIL})]
    assert {answer.headers["Location"].partition("?")[0] for answer in asked} == {"/account/reauthenticate/"}
    assert User.objects.get(pk=alice.pk).erase_at is None


def test_the_operator_exports_and_erases_whoever_asks(alice: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "hers.zip"
    assert admin.main(act="export", email=EMAIL.title(), file=target) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert read(io.BytesIO(target.read_bytes()))["account.json"][0]["id"] == alice.pk
    assert admin.main(act="export", email=EMAIL, file=target) == 1
    assert admin.main(act="export", email="charlie@example.org", file=tmp_path / "his.zip") == 1
    assert not (tmp_path / "his.zip").exists()
    assert admin.main(act="erase", email=EMAIL) == 1
    assert "Nothing was done yet" in capsys.readouterr().err
    assert User.objects.filter(pk=alice.pk).exists()
    assert admin.main(act="erase", email=EMAIL, yes=True) == 0
    assert rows_with(alice.pk, EMAIL, NAME) == []
    assert admin.main(act="erase", email=EMAIL, yes=True) == 1
    assert "no_such_account" in capsys.readouterr().err
