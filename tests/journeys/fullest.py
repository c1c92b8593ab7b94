"""`python -m tests.journeys.fullest`, beside a running installation: Emil has something of everything, and a session, which is printed."""

import json
import sys

import django

EMAIL, NAME = "emil@example.net", "Emil"


def main() -> int:
    """Make his account and all that its pages can show; what he may do only after a password is open to him."""
    django.setup()
    from django.conf import settings
    from django.db import transaction
    from django.test.utils import setup_test_environment

    from conclave.accounts.challenge import Method
    from conclave.accounts.claim import claim_domain
    from conclave.accounts.invite import accept, invite
    from conclave.accounts.keyring import write_keyring
    from conclave.accounts.models import School, StaffMember, User
    from conclave.accounts.opener import Opener, OpenerKind
    from conclave.accounts.organise import found
    from conclave.authorities.policy import AuthorityKind, Channel, OrderKind
    from conclave.authorities.receive import Said, receive
    from conclave.kernel import clock
    from conclave.kernel.ids import UserId, new_id
    from conclave.meetings.own import create_meeting
    from conclave.transparency.ledger import append
    from tests.accounts.conftest import signed_in
    from tests.accounts.passkey import Passkey

    now, password = clock.now(), sys.argv[1]
    emil, other = (
        User.objects.create_user(email=email, password=password, now=now, name=name, is_verified=True)
        for email, name in ((EMAIL, NAME), ("fanny@example.net", "Fanny of a very long name that a table has to hold somehow"))
    )
    account = UserId(emil.pk)
    for title in ("Plans of Emil", "A title that is as long as titles of meetings may be, and has to be broken somewhere on a telephone"):
        create_meeting(meeting=new_id(), title=title, link_id=new_id(), host_hash=new_id(), owner=account, now=now)
    school = found(name="School on the harbour of a town with a long name", account=account, now=now)
    accept(
        token=invite(organisation=school, account=account, address=other.email, role="member", now=now).partition("#")[2],
        account=UserId(other.pk),
        now=now,
    )
    invite(organisation=school, account=account, address="somebody.with.a.long.name@a-long-host.example.org", role="admin", now=now)
    claim_domain(organisation=school, account=account, domain="harbour-school.example", method=Method.DNS, now=now)
    StaffMember.objects.create(user=emil, orders="reviewer", work_country="FR", since=now)
    applying = found(name="A school that would like to be known as one", account=UserId(other.pk), now=now)
    School.objects.create(
        organisation_id=applying, country="FR", registry="0750001A", evidence="https://a-register-of-schools.example/0750001A",
        contact_name="Carol", contact="Room 4, +33 1 23 45 67 89", standing="none", asked_by=other, asked_at=now,
    )  # fmt: skip
    with transaction.atomic():
        append(kind="ORDER", fields={"territory": "FR"}, now=now)
    for authority, claimed in (("Court of a place with a name that is longer than most", ("CN", "HK", "MO")), ("Police", ())):
        receive(
            said=Said(
                kind=OrderKind.ACT, authority=authority, authority_kind=AuthorityKind.COURT, authority_territory="CN",
                contact="the.registry.of.this.court@a-long-host.example.org", claimed=claimed, legal_basis="Law 1, art. 2", language="en",
            ),
            channel=Channel.PORTAL, by=None, now=now,
        )  # fmt: skip
    setup_test_environment()  # the software passkey reads what a page was made of
    browser = signed_in(emil, password)
    Passkey(b"a key of Emil", origin=settings.CONCLAVE.public_url).add(browser, "A key that carries the name of the device that it is on")
    openers = (
        Opener(opener=new_id(), kind=OpenerKind.RECOVERY, credential=None, secret="s" * 222, wrapped="w" * 167),
        Opener(opener=new_id(), kind=OpenerKind.DEVICE, credential=None, secret=None, wrapped="w" * 167),
    )
    write_keyring(account=account, ring=new_id(), expects=0, sealed="c2VhbGVk", openers=openers, now=now)
    sys.stdout.write(json.dumps({settings.SESSION_COOKIE_NAME: browser.session.session_key}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
