"""staff, school: the owner appoints a reviewer, who approves a school; its roster invites a class, whose pupils nobody finds."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.accounts.nameserver import NameServer
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_account import READER
from tests.journeys.world import Installation, installation

# People with verified accounts, and a club that holds their domain: as an operator, invitations and a zone make them.
SET_UP = """
import django, json, sys
django.setup()
from allauth.account.models import EmailAddress
from conclave.accounts.challenge import Method
from conclave.accounts.claim import check_now, claim_domain
from conclave.accounts.invite import accept, invite
from conclave.accounts.models import DomainClaim, User
from conclave.accounts.organise import found
from conclave.kernel import clock
now, (password, names) = clock.now(), json.loads(sys.argv[1])
people = {}
for name in names:
    address = f"{name.lower()}@rowing.example"
    user = User.objects.create_user(email=address, password=password, now=now, name=name, is_verified=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    people[name] = user.pk
club = found(name="Rowing Club", account=people["Bob"], now=now)
link = invite(organisation=club, account=people["Bob"], address="emil@rowing.example", role="member", now=now)
accept(token=link.partition("#")[2], account=people["Emil"], now=now)
claim = claim_domain(organisation=club, account=people["Bob"], domain="rowing.example", method=Method.DNS, now=now)
print(json.dumps([club, DomainClaim.objects.get(pk=claim).token]), flush=True)
sys.stdin.readline()
print(check_now(organisation=club, account=people["Bob"], claim=claim, now=clock.now()))
"""
# As an older spreadsheet writes it.
CLASS = "nom;courriel;mineur\nÉloïse Noël;eloise@example.net;oui\nEmil;;oui\n=HYPERLINK(1);x@example.net;non\nemil;;oui\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, running_names: list[NameServer]) -> Iterator[Installation]:
    """An installation of its own: its owner gets a passkey, which the others' sign-in would be asked for."""
    resolvers = ", ".join(f"127.0.0.1:{one.port}" for one in running_names)
    running = installation(tmp_path_factory.mktemp("desk") / "var", extra={"CONCLAVE_RESOLVERS": resolvers}, migrated=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def club(desk: Installation, running_names: list[NameServer]) -> str:
    """The address of a club that holds rowing.example, with Bob and Emil in it; Dora has an account only."""
    environment = {**desk.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    wanted = json.dumps([PASSWORD, ["Bob", "Dora", "Emil"]])
    command = [sys.executable, "-c", SET_UP, wanted]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=desk.checkout, text=True, **pipes) as making:  # type: ignore[call-overload] # as meant
        where, token = json.loads(making.stdout.readline())
        for one in running_names:
            one.prove("rowing.example", token)
        said, _nothing = making.communicate("\n", timeout=60)
    assert said.strip() == "proved"
    return f"{desk.url}/organisations/{where}"


class Signed(Owner):
    """Somebody with an account, at a device with a fingerprint reader."""

    def come(self, path: str) -> None:
        """Sign in, and go to a page."""
        page = self.chromium.page
        self.browser.open(f"{self.server.url}/account/login/?next={path}")
        page.fill("input[name=login]", self.email)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        self.arrives(path)

    def arrives(self, path: str) -> None:
        """Wait until the address bar shows this page."""
        until(lambda: self.browser.ask("() => location.pathname") == path, what=f"the page {path}", seen=self.text)

    def go(self, path: str) -> None:
        """Type an address of this server."""
        self.browser.open(self.server.url + path)

    def adds_a_passkey(self) -> None:
        """Let the account know this device."""
        session = self.chromium.context.new_cdp_session(self.chromium.page)
        session.send("WebAuthn.enable", {"enableUI": False})
        session.send("WebAuthn.addVirtualAuthenticator", {"options": READER})
        page = self.chromium.page
        self.go("/account")
        self.click('a[href="/account/passkeys/add/"]')
        self.arrives("/account/reauthenticate/")
        page.fill("input[name=password]", PASSWORD)
        self.click("main form [type=submit]")
        self.arrives("/account/passkeys/add/")
        self.click("main form [type=submit]")
        self.arrives("/account/codes/")

    def confirms(self, screen: str) -> None:
        """Show the passkey for what the page says."""
        self.wait_for('form[data-passkey="get"] button', what="the question for a passkey")
        check(self, screen)
        self.click('form[data-passkey="get"] button')


@pytest.mark.journey("school")
def test_a_hundred_megabytes_are_refused_before_anybody_sends_them(desk: Installation) -> None:
    with socket.create_connection(("127.0.0.1", desk.http_port), timeout=20) as line:
        said = ("POST /organisations/x/school/roster HTTP/1.1", "Host: localhost", f"Content-Length: {100 * 1024 * 1024}", "", "")
        line.sendall("\r\n".join(said).encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.journey("staff", "school")
def test_a_school_is_approved_and_invites_a_class_whose_pupils_nobody_finds(
    chromiums: Chromiums, desk: Installation, club: str, tmp_path: Path
) -> None:
    def person(name: str, email: str = "", **window: object) -> Signed:
        somebody = Signed(name, chromiums.of(name).window(**window), server=desk)  # type: ignore[arg-type] # passed on as given
        somebody.email = email or f"{name.lower()}@rowing.example"
        return somebody

    # Alice, who runs the server, makes Dora a reviewer.
    alice = person("Alice", Owner.email)
    alice.use_owner_link()
    alice.adds_a_passkey()
    alice.go("/account")
    alice.click('[data-part="staff"] a')
    alice.arrives("/staff")
    check(alice, "staff without anybody")
    alice.expects("422")
    for address, sentence in ((alice.email, "Nobody gives roles to themselves"), ("dora@rowing.example", "")):
        alice.chromium.page.fill("input[name=address]", address)
        alice.chromium.page.select_option("select[name=role]", "reviewer")
        alice.browser.click("button", "Go on")
        if sentence:
            alice.reads(sentence)
    alice.reads("Dora (dora@rowing.example) gets the role “Reviewer”.")
    alice.confirms("confirm a role")
    alice.reads("It is done.")
    check(alice, "one of the staff")
    # The engine of this server was entered before there was a staff; now it would take two.
    for path, sentence in (("/staff/nodes", "the settings alone"), ("/staff/countries", "Empty for anywhere.")):
        alice.go("/staff")
        alice.click(f'a[href="{path}"]')
        alice.reads(sentence)
        check(alice, path)

    # Bob's organisation applies as a school.
    bob = person("Bob")
    bob.come("/organisations/new")
    bob.browser.fill("Name of the organisation", "Harbour School")
    bob.chromium.page.keyboard.press("Enter")
    bob.reads("You here")
    school = urlsplit(bob.browser.address()).path
    bob.chromium.page.locator("nav.tabs").get_by_role("link", name="School").click()
    check(bob, "an application")
    page = bob.chromium.page
    page.select_option("select[name=country]", "FR")
    for name, text in {"registry": "075 0001 a", "contact_name": "Mrs Fox", "contact": "Room 4, +33 1 00"}.items():
        page.fill(f"input[name={name}]", text)
    page.fill("textarea[name=evidence]", "https://harbour.example/team")
    bob.browser.click("button", "Send the application")
    bob.reads("waits for a decision")

    # Dora approves it with her passkey, in French and on a phone.
    dora = person("Dora", viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    dora.come("/account")
    dora.adds_a_passkey()
    dora.go("/staff")
    check(dora, "staff, French, phone")
    dora.click('a[href="/staff/schools"]')
    dora.arrives("/staff/schools")
    check(dora, "schools, French, phone")
    dora.browser.click("link", "Harbour School")
    dora.reads("0750001A")
    check(dora, "a review, French, phone")
    dora.chromium.page.select_option("select[name=verdict]", "approve")
    dora.browser.click("button", "Continuer")
    dora.reads("est une école pour un an.")
    dora.confirms("confirm a school, French, phone")
    dora.reads("C’est décidé.")

    # Bob uploads a roster with two bad lines, puts them right and confirms. Until then Emil is found in the club.
    def finds(where: str) -> None:
        bob.browser.open(f"{where}/directory?words=emil")

    finds(club)
    bob.reads("emil@rowing.example")
    bob.go(f"{school}/school")
    bob.reads("know it as a school until")
    bob.browser.click("link", "Invite by a roster")
    bob.expects("422")
    file = tmp_path / "classe.csv"
    file.write_bytes(CLASS.encode("latin-1"))
    page.set_input_files("input[name=file]", file)
    bob.browser.click("button", "Look at the file")
    bob.reads("read as Latin-1")
    for sentence in ("Line 4:", "a spreadsheet would take it for a formula", "Line 5:", "The same person as in line 3."):
        bob.reads(sentence)
    check(bob, "a roster with bad lines")
    assert not bob.has('button[value="invite"]')
    page.fill("textarea[name=text]", "\n".join(CLASS.split("\n")[:3]))
    bob.browser.click("button", "Check")
    bob.reads("People who would be invited: 2")
    check(bob, "a roster to confirm")
    bob.browser.click("button", "Invite them (2)")
    bob.reads("Invited: 2")
    check(bob, "the links of a class")
    links = page.locator("#tickets .link-text").all_inner_texts()
    for one in (alice, bob, dora):
        one.secrets |= {link.partition("#")[2] for link in links}

    # Emil takes his link. Nobody finds him any more, and he reads whom he can turn to.
    emil = person("Emil")
    emil.secrets |= {link.partition("#")[2] for link in links}
    emil.come("/organisations")
    emil.browser.open(links[1])
    until(lambda: emil.browser.ask("() => location.hash === ''"), what="the code is out of the address")
    emil.browser.click("button", "Look at the invitation")
    emil.browser.click("button", "Join")
    emil.reads("Mrs Fox")
    emil.reads("Room 4, +33 1 00")
    assert "minor" not in emil.text()
    check(emil, "a pupil's school")
    emil.go("/help/remove")
    emil.reads("Mrs Fox")
    check(emil, "help at a school")
    finds(club)
    bob.reads("Nobody was found.")
    bob.browser.open(f"{desk.url}{school}/directory")
    bob.reads("A school has no directory")
    bob.go(f"{school}/people")
    bob.browser.click("link", "Emil")
    bob.reads("Flagged as a minor")
    check(bob, "a minor, as the school sees them")
    for one in (alice, bob, dora, emil):
        assert not one.faults()
        one.browser.close()
