"""Another e-mail address: the new one confirms, both are told, and nobody learns who has an account."""

import pytest
from django.test import Client

from conclave import admin
from conclave.accounts import mail
from conclave.accounts.address import AddressTaken, set_address
from conclave.accounts.models import User
from conclave.accounts.owner import NoSuchAccount
from conclave.kernel import clock
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import PASSWORD, Post, signed_in
from tests.accounts.mailbox import Mailbox, link_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]
OLD, NEW = "alice@example.org", "alice@new.example"


def test_the_new_address_confirms_and_both_are_told(alice: User, mailbox: Mailbox, post: Post) -> None:
    browser = signed_in(alice)
    assert browser.post("/account/address/", {"email": "Alice@New.example"})["Location"] == "/account"
    post()
    assert NEW in text_of(mailbox.to(OLD)[0])
    link = link_in(mailbox.to(NEW)[0])
    assert User.objects.get().email == OLD, "nothing changes before the link is opened"
    elsewhere = Client()
    assert NEW in elsewhere.get(link).content.decode()
    assert User.objects.get().email == OLD, "nor by looking at it, as mail programs do"
    assert elsewhere.post(link).status_code == 302
    post()
    assert User.objects.get().email == NEW
    assert [len(mailbox.to(address)) for address in (OLD, NEW)] == [2, 2]
    assert {row.kind for row in JournalEntry.objects.all()} >= {"address_asked", "address_changed"}
    assert Client().post("/account/login/", {"login": OLD, "password": PASSWORD}).status_code == 200
    assert signed_in(User.objects.get()).get("/account").status_code == 200


def test_a_link_works_once_and_for_a_day(alice: User, mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(alice)
    browser.post("/account/address/", {"email": NEW})
    post()
    link = link_in(mailbox.to(NEW)[0])
    later = clock.now() + mail.LASTS_MS + clock.MINUTE
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert Client().post(link).status_code == 403
    assert Client().post(link).status_code == 302
    assert "mail_link_unknown" in Client().post(link).content.decode()
    assert Client().get(link[:-3] + "abc").status_code == 403


def test_who_has_an_account_is_told_to_that_address_only(alice: User, bob: User, mailbox: Mailbox, post: Post) -> None:
    browser = signed_in(alice)
    answers = [browser.post("/account/address/", {"email": email}) for email in (bob.email, NEW)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/account")] * 2
    pages = [browser.get("/account").content, browser.get("/account").content]
    assert b"bob@" not in pages[0]
    post()
    assert "http" not in text_of(mailbox.to(bob.email)[0]), "Bob is told, and gets no link"
    assert [len(mailbox.to(address)) for address in (bob.email, NEW)] == [1, 1]


def test_an_address_that_got_an_account_meanwhile_stays_its_own(alice: User, mailbox: Mailbox, post: Post) -> None:
    signed_in(alice).post("/account/address/", {"email": NEW})
    post()
    User.objects.create_user(email=NEW, password=PASSWORD, now=2, is_verified=True)
    assert Client().post(link_in(mailbox.to(NEW)[0])).status_code == 403
    assert User.objects.filter(email=OLD).exists()


def test_a_new_password_stops_what_somebody_else_asked_for(alice: User, mailbox: Mailbox, post: Post) -> None:
    browser = signed_in(alice)
    browser.post("/account/address/", {"email": NEW})
    post()
    new = "a brand new long password"
    signed_in(alice).post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert Client().post(link_in(mailbox.to(NEW)[0])).status_code == 403
    assert User.objects.get().email == OLD


def test_it_is_asked_again_whether_it_is_alice(alice: User, mailbox: Mailbox) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.post("/account/address/", {"email": NEW})["Location"].startswith("/account/reauthenticate/")
    assert len(mailbox) == 0


def test_nobodys_mailbox_is_filled(alice: User, mailbox: Mailbox, post: Post) -> None:
    browser = signed_in(alice)
    answers = [browser.post("/account/address/", {"email": "victim@example.org"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    post()
    assert len(mailbox.to("victim@example.org")) == 3


@pytest.mark.parametrize("email", ["", "nobody", OLD.upper(), "a@b.example\nBcc: c@d.example", "x" * 250 + "@example.org"])
def test_what_is_no_new_address_is_said_beside_the_field(alice: User, mailbox: Mailbox, post: Post, email: str) -> None:
    answer = signed_in(alice).post("/account/address/", {"email": email})
    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    post()
    assert len(mailbox) == 0


def test_without_mail_the_page_says_how_and_only_the_operator_does_it(alice: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    browser = signed_in(alice)
    assert "./conclave admin address" in browser.get("/account").content.decode()
    assert browser.get("/account/address/").status_code == 404
    assert admin.main(act="address", email=OLD, new=NEW) == 0
    assert NEW in capsys.readouterr().out
    assert User.objects.get(pk=alice.pk).email == NEW
    assert browser.get("/account").status_code == 200, "she stays signed in"
    for old, new, why in (
        (OLD, "x@example.org", "no_such_account"),
        (NEW, bob.email, "address_taken"),
        (NEW, "nobody", "no e-mail address"),
    ):
        assert admin.main(act="address", email=old, new=new) == 1
        assert why in capsys.readouterr().err
    with pytest.raises(NoSuchAccount):
        set_address(old=OLD, new="x@example.org", now=1)
    with pytest.raises(AddressTaken):
        set_address(old=NEW, new=bob.email, now=1)


def test_what_waits_in_the_outbox_has_no_link(alice: User, mailbox: Mailbox) -> None:
    from conclave.kernel.models import OutboxEvent

    signed_in(alice).post("/account/address/", {"email": NEW})
    waiting = str(list(OutboxEvent.objects.values()))
    assert NEW in waiting
    assert "/account/address/" not in waiting
    assert len(mailbox) == 0


def test_alice_reads_her_mail_in_her_language(alice: User, mailbox: Mailbox, post: Post) -> None:
    browser = signed_in(alice)
    browser.post("/language", {"language": "fr", "next": "/account"})
    browser.post("/account/address/", {"email": NEW})
    post()
    assert "Ouvrez ce lien" in text_of(mailbox.to(NEW)[0])


def test_a_mailbox_that_does_not_exist_is_not_tried_for_ever(alice: User, mailbox: Mailbox, post: Post) -> None:
    from conclave.kernel.models import OutboxEvent

    mailbox.refused[NEW] = "550 nobody here"
    signed_in(alice).post("/account/address/", {"email": NEW})
    post()
    assert not OutboxEvent.objects.filter(done_at=None).exists()
    mailbox.refused[NEW] = "450 later"
    signed_in(alice).post("/account/address/", {"email": NEW})
    post()
    assert OutboxEvent.objects.filter(done_at=None).count() == 1


def test_a_mail_names_nobody_to_other_mail_servers_and_answers_no_machine(alice: User, mailbox: Mailbox, post: Post) -> None:
    signed_in(alice).post("/account/address/", {"email": NEW})
    post()
    message = mailbox.to(NEW)[0]
    assert (message["From"], message["To"], message["Auto-Submitted"]) == ("conclave@example.org", NEW, "auto-generated")
    assert str(message["Message-ID"]).endswith("@localhost>")
    assert alice.pk not in message.as_string()
