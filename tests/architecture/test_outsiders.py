"""Outsiders, at every address that there is: Charlie, signed in or not, with Alice's ids gets the answer of things that do not exist.

Made from the URL map: an address without a row here fails. What to write for a new one: where it names something of somebody, a row in
ASKED with a request for it; where it needs an account but names nothing, OWN; where it tells everybody the same, EVERYBODY.
"""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from conclave.accounts.challenge import Method
from conclave.accounts.claim import claim_domain
from conclave.accounts.invite import invite as offer
from conclave.accounts.models import (
    ApiToken,
    IdentityProvider,
    Membership,
    OrganisationInvitation,
    ProviderIdentity,
    School,
    StaffMember,
    User,
)
from conclave.accounts.organise import found
from conclave.accounts.tokens import make_token
from conclave.authorities.models import Disclosure, Glass, Measure, Order
from conclave.kernel import clock
from conclave.kernel.canonical import Json
from conclave.kernel.ids import new_id
from conclave.media import placement, ticket
from conclave.meetings.invitations import invite
from conclave.meetings.models import Meeting
from conclave.meetings.routing import websocket_urlpatterns
from conclave.transparency import publish, sheets
from conclave.transparency.ledger import append
from tests.meetings.conftest import NOW, _fresh_memory, _person, account_of, device_of, key_of
from tests.transparency.conftest import NOW as LATER
from tests.transparency.conftest import own
from tests.transparency.test_publish import body

__all__ = ["_fresh_memory"]

Ids = dict[str, str]
# What Alice's ids are called in the requests below; a thing that does not exist has others of the same form.
THINGS = (
    "meeting",
    "invitation",
    "call",
    "participant",
    "knock",
    "seat",
    "link_id",
    "organisation",
    "membership",
    "offer",
    "claim",
    "staff",
    "school",
    "identity",
    "api_token",
    "order",
    "measure",
    "disclosure",
    "glass",
)
# Those that are numbers: such as do not exist.
NUMBERED = {"device": "778899008", "passkey": "778899009"}
PATIENCE = 10.0

# What everybody reads of a report; here of one that there is, about what concerns Alice.
REPORTS = {
    "transparency/reports/ reports", "transparency/reports/<slug:report>/ report",
    "transparency/reports/<slug:report>/<str:name> report_file",
}  # fmt: skip
PERIOD = "2026H2"
# The same page for everybody, about nobody.
EVERYBODY = {
    " home", "protection protection", "inventory inventory", "trust trust",
    "trust/client.sha256 client_hashes", "trust/client.tlog-proof client_proof", "trust/regions/<slug:region> region_proof",
    ".well-known/security.txt security_txt",
    "help help", "help/<slug:page> help_page", "selftest selftest", "selftest/bytes selftest_bytes", "authorities authorities",
    "language set_language", "healthz healthz", "readyz readyz", "owner owner", "check check", "now now",
    "account/login/ account_login", "account/login/second/ mfa_authenticate", "account/login/passkey/ mfa_login_webauthn",
    # Without mail nobody has a page for another address.
    "account/address/ account_address", "account/sign-up/ account_sign_up", "organisations/join organisation_join",
    "account/sso/ sso_start", "account/sso/link sso_link",
    "account/logout/ account_logout", "account/inactive/ account_inactive",
    "transparency/ ledger", "transparency/checkpoint ledger_checkpoint", "transparency/policy ledger_policy",
    "transparency/tile/<path:tile> ledger_tile", "trust/government-requests government_requests", *REPORTS,
    "api/docs api_reference", "api/v1/openapi.json openapi-json", "api/v1/ api-root", "api/v1/selftest post_selftest",
}  # fmt: skip
# For whom is signed in, about themselves: nothing in the request names anything.
OWN = {
    "meetings meetings", "account/reauthenticate/ account_reauthenticate", "account/password/change/ account_change_password",
    "account/password/set/ account_set_password",
    "api/v1/meetings post_meeting", "api/v1/meetings get_meetings", "account/data own_data", "account/data/export own_data_export",
    "account/keyring keyring", "api/v1/keyring get_keyring", "api/v1/keyring put_keyring", "api/v1/keyring delete_keyring",
    "account account", "account mfa_index", "account mfa_list_webauthn",
    "account/app/add/ mfa_activate_totp", "account/app/remove/ mfa_deactivate_totp", "account/codes/ mfa_view_recovery_codes",
    "account/codes/new/ mfa_generate_recovery_codes", "account/devices/end account_end_devices",
    "account/passkeys/add/ mfa_add_webauthn", "account/reauthenticate/code/ mfa_reauthenticate",
    "account/reauthenticate/passkey/ mfa_reauthenticate_webauthn", "organisations organisations", "organisations/new organisation_new",
    "api/v1/policies get_policies", "account/data/erase own_data_erase", "account/data/keep own_data_keep", "staff staff",
    "staff/nodes staff_nodes", "staff/countries staff_countries",
    "staff/schools staff_schools", "staff/orders staff_orders",
    "staff/glass staff_glasses", "account/tokens own_tokens", "account/tokens/new own_token",
    "api/v1/token get_token", "api/v1/organisations get_organisations",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request that names things; `{meeting}` and the like stand for ids."""

    path: str
    method: str = "get"
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, client: Client, ids: Ids) -> HttpResponse:
        """Ask for these things."""
        body = json.loads(fill(json.dumps(self.body), ids)) if self.body is not None else None
        headers = {name: fill(value, ids) for name, value in self.headers.items()}
        said = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer: HttpResponse = getattr(client, self.method)(fill(self.path, ids), headers=headers, **said)
        return answer


CHARLIE: dict[str, Any] = {"name": "Charlie", "signature_key": key_of("Charlie"), "device": device_of("Charlie")}
LINK: dict[str, Any] = {"meeting": "{meeting}", "link_id": "{link_id}"}
ASKED = {
    "account/address/<str:token> account_address_confirm": Ask(path="/account/address/{seat}"),
    "account/sign-up/<str:token> account_sign_up_finish": Ask(path="/account/sign-up/{seat}"),
    "account/devices/<int:device>/end account_end_device": Ask(method="post", path="/account/devices/{device}/end"),
    "account/passkeys/<int:pk>/name/ mfa_edit_webauthn": Ask(path="/account/passkeys/{passkey}/name/"),
    "account/passkeys/<int:pk>/remove/ mfa_remove_webauthn": Ask(method="post", path="/account/passkeys/{passkey}/remove/"),
    "staff/people/<slug:member> staff_person": Ask(path="/staff/people/{staff}"),
    "staff/schools/<slug:school> staff_school": Ask(path="/staff/schools/{school}"),
    "staff/orders/<slug:order> staff_order": Ask(path="/staff/orders/{order}"),
    "staff/glass/<slug:glass> staff_glass": Ask(path="/staff/glass/{glass}"),
    # Whoever holds the number of a receipt or of a notice was given it: none but these two is worth anything here.
    "authorities/<slug:receipt> order_status": Ask(path="/authorities/{order}"),
    "notice/<slug:notice> order_notice": Ask(path="/notice/{measure}"),
    "notice/told/<slug:notice> disclosure_notice": Ask(path="/notice/told/{disclosure}"),
    "organisations/<slug:organisation>/school organisation_school": Ask(path="/organisations/{organisation}/school"),
    "organisations/<slug:organisation>/school/roster organisation_roster": Ask(path="/organisations/{organisation}/school/roster"),
    "organisations/<slug:organisation> organisation": Ask(path="/organisations/{organisation}"),
    "organisations/<slug:organisation>/people organisation_people": Ask(path="/organisations/{organisation}/people"),
    "organisations/<slug:organisation>/people/<slug:membership> organisation_person": Ask(
        path="/organisations/{organisation}/people/{membership}"
    ),
    "organisations/<slug:organisation>/invitations organisation_invitations": Ask(path="/organisations/{organisation}/invitations"),
    "organisations/<slug:organisation>/invitations/<slug:invitation> organisation_revoke": Ask(
        method="post", path="/organisations/{organisation}/invitations/{offer}"
    ),
    "organisations/<slug:organisation>/journal organisation_journal": Ask(path="/organisations/{organisation}/journal"),
    "organisations/<slug:organisation>/journal/file organisation_journal_file": Ask(path="/organisations/{organisation}/journal/file"),
    "organisations/<slug:organisation>/settings organisation_settings": Ask(path="/organisations/{organisation}/settings"),
    "organisations/<slug:organisation>/domains organisation_domains": Ask(path="/organisations/{organisation}/domains"),
    "organisations/<slug:organisation>/domains/<slug:claim> organisation_domain": Ask(path="/organisations/{organisation}/domains/{claim}"),
    "organisations/<slug:organisation>/directory organisation_directory": Ask(path="/organisations/{organisation}/directory?words=ali"),
    "organisations/<slug:organisation>/policy organisation_policy": Ask(path="/organisations/{organisation}/policy?version=1"),
    "organisations/<slug:organisation>/meetings organisation_meetings": Ask(path="/organisations/{organisation}/meetings"),
    "meetings/<slug:meeting> meeting": Ask(path="/meetings/{meeting}"),
    "meetings/<slug:meeting>/receipts meeting_receipts": Ask(path="/meetings/{meeting}/receipts"),
    "organisations/<slug:organisation>/meetings/receipts organisation_receipts": Ask(
        path="/organisations/{organisation}/meetings/receipts"
    ),
    "meetings/<slug:meeting>/plan meeting_plan": Ask(path="/meetings/{meeting}/plan"),
    "meetings/<slug:meeting>/times meeting_times": Ask(method="post", path="/meetings/{meeting}/times"),
    "organisations/<slug:organisation>/sign-in organisation_sign_in": Ask(path="/organisations/{organisation}/sign-in"),
    "organisations/<slug:organisation>/welcome organisation_welcome": Ask(path="/organisations/{organisation}/welcome"),
    "account/sso/<slug:organisation>/back sso_back": Ask(path="/account/sso/{organisation}/back?code=x&state=x"),
    "account/sso/<slug:organisation>/saml sso_posted": Ask(method="post", path="/account/sso/{organisation}/saml"),
    "account/identities/<slug:identity>/remove account_untie": Ask(method="post", path="/account/identities/{identity}/remove"),
    "account/tokens/<slug:token>/end own_token_end": Ask(method="post", path="/account/tokens/{api_token}/end"),
    "organisations/<slug:organisation>/tokens organisation_tokens": Ask(path="/organisations/{organisation}/tokens"),
    "organisations/<slug:organisation>/tokens/new organisation_token": Ask(path="/organisations/{organisation}/tokens/new"),
    "organisations/<slug:organisation>/tokens/<slug:token>/end organisation_token_end": Ask(
        method="post", path="/organisations/{organisation}/tokens/{api_token}/end"
    ),
    "api/v1/organisations/<organisation>/directory get_directory": Ask(path="/api/v1/organisations/{organisation}/directory?words=ali"),
    "api/v1/organisations/<organisation>/people get_people": Ask(path="/api/v1/organisations/{organisation}/people"),
    "api/v1/organisations/<organisation>/invitations get_offers": Ask(path="/api/v1/organisations/{organisation}/invitations"),
    "api/v1/organisations/<organisation>/journal get_journal": Ask(path="/api/v1/organisations/{organisation}/journal"),
    "api/v1/organisations/<organisation>/meetings get_housed": Ask(path="/api/v1/organisations/{organisation}/meetings"),
    "m/<str:meeting> call": Ask(path="/m/{meeting}"),
    "^/*media(?:/|$) signal_validate": Ask(path="/media/local/rtc/v1/validate?access_token={participant}"),
    "api/v1/join post_join": Ask(method="post", path="/api/v1/join", body={"v": 1, **LINK, **CHARLIE}),
    "api/v1/knock post_knock": Ask(method="post", path="/api/v1/knock", body={"v": 1, **LINK, **CHARLIE}),
    "api/v1/lobby post_lobby": Ask(method="post", path="/api/v1/lobby", body=LINK),
    "api/v1/meetings/<meeting> get_meeting": Ask(path="/api/v1/meetings/{meeting}"),
    "api/v1/meetings/<meeting>/plan get_plan": Ask(path="/api/v1/meetings/{meeting}/plan"),
    "api/v1/meetings/<meeting> patch_meeting": Ask(method="patch", path="/api/v1/meetings/{meeting}", body={"title": "Mine"}),
    "api/v1/meetings/<meeting> delete_meeting": Ask(method="delete", path="/api/v1/meetings/{meeting}"),
    "api/v1/meetings/<meeting>/link post_link": Ask(method="post", path="/api/v1/meetings/{meeting}/link", body={"link_id": "A" * 22}),
    "api/v1/meetings/<meeting>/invitations get_invitations": Ask(path="/api/v1/meetings/{meeting}/invitations"),
    "api/v1/meetings/<meeting>/invitations post_invitation": Ask(
        method="post", path="/api/v1/meetings/{meeting}/invitations", body={"digest": "A" * 43, "whom": "Charlie", "days": 1}
    ),
    "api/v1/meetings/<meeting>/invitations/<invitation> patch_invitation": Ask(
        method="patch", path="/api/v1/meetings/{meeting}/invitations/{invitation}", body={"revoked": True}
    ),
    "api/v1/meetings/<meeting>/receipts get_receipts": Ask(path="/api/v1/meetings/{meeting}/receipts"),
    "api/v1/receipt get_receipt": Ask(path="/api/v1/receipt", headers={"Conclave-Seat": "{participant}.{seat}"}),
    "api/v1/trees/<digest> get_tree": Ask(path=f"/api/v1/trees/{'0' * 64}", headers={"Conclave-Seat": "{participant}.{seat}"}),
}
HELLO = {"t": "hello", "v": 1, "participant": "{participant}", "seat": "{seat}", "incarnation": None, "log": 0, "said": 0}
# What each socket is told after it has opened; the gate opens nothing.
SOCKETS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "api/v1/socket": ("/api/v1/socket", [HELLO]),
    "api/v1/waiting": ("/api/v1/waiting", [{"t": "wait", "knock": "{knock}", "secret": "{seat}"}]),
    "": ("/media/local/rtc/v1", []),
}


def fill(text: str, ids: Ids) -> str:
    """Return a text with ids in the places of their names."""
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def addresses() -> Iterator[str]:
    """Return every address of the gateway: its route and its name."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield f"{route} {pattern.name or ''}"

    return walk(get_resolver().url_patterns, "")


ADDRESSES = sorted(set(addresses()))


@pytest.fixture
def alices(db: None) -> Ids:  # noqa: ARG001 - the fixture opens the database
    """What Alice has: a meeting with an invitation, a call, a place in it, somebody at the door."""
    return things()


@pytest.fixture
def published(alices: Ids, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of a half-year in which orders were about Alice's meeting, and staff looked at it."""
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, state_dir=tmp_path / "state"))
    who: dict[str, Json] = {"authority": "Plans of Alice", "category": "court", "territory": "CN"}
    said: dict[str, Json] = {**who, "targets": alices["meeting"], "kind": "act", "channel": "post", "dummy": 0}
    for minute in range(5):
        obj, when = new_id(), {"day": "2026-07-01", "minute": minute}
        append(kind="ORDER", fields={**when, **said}, now=LATER, obj=obj)
        append(kind="AUTHORITY", fields={**when, **who}, now=LATER, obj=obj)
        append(kind="ORDER_STATE", fields={**when, "state": "executed", "outcome": "executed", "reason": ""}, now=LATER, obj=obj)
    held: dict[str, Json] = {"measure": alices["measure"], "target": alices["meeting"], "territory": "CN", "kind": "remove_from", "days": 7}
    append(kind="MEASURE", fields=held, now=LATER, obj=obj)
    told: dict[str, Json] = {"territory": "CN", "field": "accounts.User.email"}
    whom: dict[str, Json] = {"subjects": alices["disclosure"], "people": "alice@example.org"}
    append(kind="DISCLOSURE", fields={**told, **whom}, now=LATER, obj=obj)
    append(kind="HANDED", fields={**told, "count": 1, "deferred": "8-30"}, now=LATER, obj=obj)
    append(kind="GLASS", fields={"scope": "meeting", "target": alices["meeting"], "reason": "Plans of Alice"}, now=LATER)
    with own(tmp_path / "state"):
        publish.publish(period=PERIOD, now=LATER)


def things() -> Ids:
    from conclave.meetings.door import Newcomer, Shown
    from conclave.meetings.join import join
    from conclave.meetings.knock import knock

    alice = _person("Alice")
    _person("Charlie")
    # Whoever has an account has a password; hashing one would take longer than the whole test.
    User.objects.filter(name="Charlie").update(password="pbkdf2_sha256$1$salt$hash")
    meeting, link_id = new_id(), new_id()
    Meeting.objects.create(
        id=meeting, owner=alice, title="Plans of Alice", link_id=link_id, host_hash=new_id(), created_at=NOW, waiting="everybody"
    )
    invited = invite(meeting=meeting, owner=account_of(alice), digest="B" * 43, whom="Bob of the plans", days=7, now=NOW)
    host = Newcomer(name="Alice", signature_key=key_of("Alice"), device=device_of("Alice"), account=account_of(alice))
    seat = join(meeting=meeting, link_id=link_id, newcomer=host, again=None, now=NOW)
    bob = Newcomer(name="Bob", signature_key=key_of("Bob"), device=device_of("Bob"), account=None)
    organisation = found(name="Plans of Alice", account=account_of(alice), now=NOW)
    offer(organisation=organisation, account=account_of(alice), address="bob@example.org", role="member", now=NOW)
    claim = claim_domain(organisation=organisation, account=account_of(alice), domain="plans.example", method=Method.DNS, now=NOW)
    IdentityProvider.objects.create(
        organisation_id=organisation,
        issuer="https://login.plans.example",
        client_id="conclave",
        secret="sealed",
        is_on=True,
        changed_at=NOW,
    )
    identity = ProviderIdentity.objects.create(
        organisation_id=organisation, issuer="https://login.plans.example", subject="1", user=alice, linked_at=NOW, used_at=NOW
    )
    make_token(account=account_of(alice), name="Plans of Alice", scopes=["meetings:read"], days=7, now=clock.now())
    UserSession.objects.create(id=778_899_001, user=alice, session_key="k" * 32, user_agent="Chromium", ip="::")
    Authenticator.objects.create(id=778_899_002, user=alice, type="webauthn", data={"name": "Plans of Alice", "credential": {}})
    waits = knock(meeting=meeting, link_id=link_id, newcomer=bob, seal=None, shown=Shown(), now=NOW)
    order = Order.objects.create(
        channel="post", kind="act", authority="Court", authority_kind="court", authority_territory="CN", contact="x", received_at=NOW
    )
    measure = Measure.objects.create(
        order=order, kind="remove_from", territory="CN", meeting=meeting, starts_at=NOW, ends_at=NOW + clock.DAY
    )
    told = Disclosure.objects.create(order=order, territory="CN", fields=["accounts.User.email"], made_at=NOW, ends_at=NOW + clock.DAY)
    return {
        "meeting": meeting, "invitation": invited.invitation, "call": seat.call, "participant": seat.participant, "knock": waits.knock,
        "organisation": organisation, "membership": Membership.objects.get(organisation=organisation).pk,
        "offer": OrganisationInvitation.objects.get(organisation=organisation).pk,
        "school": School.objects.create(organisation_id=organisation, country="FR", registry="0750001A", standing="approved").pk,
        "staff": StaffMember.objects.create(user=alice, orders="reviewer", since=NOW).pk,
        "api_token": ApiToken.objects.get(user=alice).pk,
        "order": order.pk, "measure": measure.pk, "disclosure": told.pk,
        "glass": Glass.objects.create(asker=alice.pk, scope="meeting", target=meeting, reason="A look", asked_at=NOW).pk,
        "claim": claim, "identity": identity.pk, "device": "778899001", "passkey": "778899002",
        **missing("seat", "link_id"),
    }  # fmt: skip


def missing(*names: str) -> Ids:
    """Return ids of things that do not exist."""
    if names:
        return {name: new_id() for name in names}
    return {**{name: new_id() for name in THINGS}, **NUMBERED}


def charlies() -> Iterator[Client]:
    """Yield Charlie's browser, first not signed in, then signed in."""
    for signed_in in (False, True):
        client = Client(headers={"accept-language": "en"})
        if signed_in:
            client.force_login(User.objects.get(name="Charlie"))
        yield client


def plain(answer: Any, ids: Ids) -> tuple[int, str, list[tuple[str, str]]]:
    """Return an answer without what differs each time: form tokens, and the ids that were asked for."""
    if answer.streaming:
        return answer.status_code, "", []
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", unnamed(answer.content.decode(), ids))
    # What is sealed on the way differs each time too, and the second in which an answer that nobody keeps is out of date.
    told = {name: value for name, value in answer.headers.items() if name not in {"Set-Cookie", "Expires"}}
    headers = {name: re.sub(r"arrival=[^&]*", "", unnamed(value, ids)) for name, value in told.items()}
    return answer.status_code, text, sorted(headers.items())


def whole(answer: Any) -> str:
    """Return all that an answer says, be it sent in pieces or not."""
    if not answer.streaming:
        return str(answer.content.decode())
    content = body(answer) if answer.is_async else b"".join(answer)
    return content.decode("utf-8", "replace")


def routes(address: str) -> list[str]:
    """Return what is asked for at an address that is for everybody: of a report, every file."""
    route = address.rpartition(" ")[0].replace("<slug:page>", "class").replace("<slug:report>", PERIOD)
    names = (*publish.FILES, *(f"{sheet}.csv" for sheet in sheets.names())) if "<str:name>" in route else ("",)
    return [route.replace("<str:name>", name) for name in names]


def unnamed(text: str, ids: Ids) -> str:
    """Return a text with the names of ids in their places."""
    for name, value in ids.items():
        text = text.replace(value, f"{{{name}}}")
    return text


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of ours; that Charlie has signed in is nobody's but Charlie's, and the journal may say what Charlie did."""
    known = [model for model in apps.get_models() if model.__module__.startswith("conclave.") and model is not User]
    ours = [model for model in known if model._meta.app_label != "transparency"]
    return {model._meta.label: sorted(model._default_manager.values_list(), key=str) for model in ours}


def test_every_address_has_its_row() -> None:
    told = EVERYBODY | OWN | set(ASKED)
    assert not sorted(set(ADDRESSES) - told), "say in this file what an outsider gets there (its first lines say how)"
    assert not sorted(told - set(ADDRESSES)), "no such address any more"
    assert {str(pattern.pattern) for pattern in websocket_urlpatterns} == set(SOCKETS)


def test_no_address_takes_an_id_and_says_that_it_is_for_everybody() -> None:
    reports = [address for address in sorted(REPORTS) if "<" in address]
    tile, region = "transparency/tile/<path:tile> ledger_tile", "trust/regions/<slug:region> region_proof"
    public = ["help/<slug:page> help_page", *reports, tile, region]
    assert sorted(address for address in EVERYBODY | OWN if "<" in address) == public


@pytest.mark.slow
@pytest.mark.parametrize("address", sorted(ASKED))
def test_alices_things_are_answered_as_if_they_did_not_exist(address: str, alices: Ids) -> None:
    before = rows()
    for client in charlies():
        nothing = missing()
        absent = plain(ASKED[address].send(client, nothing), nothing)
        assert plain(ASKED[address].send(client, alices), alices) == absent
        assert absent[0] in ({200} if address.startswith("m/") else {302, 303, 401, 403, 404, 405, 409})
    assert rows() == before


@pytest.mark.slow
@pytest.mark.parametrize("address", sorted(EVERYBODY | OWN))
def test_what_names_nothing_tells_nothing_of_alice(address: str, alices: Ids, request: pytest.FixtureRequest) -> None:
    if address in REPORTS:
        request.getfixturevalue("published")
    secrets, before = (*alices.values(), "alice@example.org", "Plans of Alice", "Bob of the plans"), rows()
    for client, route in itertools.product(charlies(), routes(address)):
        answers = [client.get(f"/{route}"), client.post(f"/{route}", alices)]
        for answer in answers:
            assert answer.status_code < 500 or route == "readyz"  # no engine runs here
            assert not [word for word in secrets if word in whole(answer)]
        if address in REPORTS:
            assert answers[0].status_code == 200, "it asks for a report that there is"
        if address in OWN and settings.SESSION_COOKIE_NAME not in client.cookies:
            assert answers[0].status_code == 401 or answers[0].headers.get("Location", "").startswith("/account/login/?next=")
        assert rows() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", sorted(SOCKETS))
async def test_alices_place_at_a_socket_is_answered_as_one_that_does_not_exist(path: str) -> None:
    alices = await sync_to_async(things)()
    heard = [await _said(path, ids) for ids in (missing(), alices)]
    assert heard[0] == heard[1]
    assert heard[0]


@pytest.mark.django_db(transaction=True)
async def test_alices_place_in_the_media_is_answered_as_one_that_does_not_exist() -> None:
    """Not even for somebody with the engine's secret, who could mint a ticket: the place must be one, and in that call."""
    alices, nothing = await sync_to_async(things)(), missing()
    pair = placement.regions()["local"].credentials()
    heard = []
    for ids in (nothing, {**alices, "participant": nothing["participant"]}, {**alices, "call": nothing["call"]}):
        token = ticket.mint(call=ids["call"], participant=ids["participant"], credentials=pair, now=clock.now())
        heard.append(await _said("", ids, query=f"access_token={token}"))
    assert heard[0] == heard[1] == heard[2]


async def _said(path: str, ids: Ids, *, query: str = "") -> list[dict[str, Any]]:
    """Return everything that a socket answers until it closes."""
    address, messages = SOCKETS[path]
    patterns: list[Any] = list(websocket_urlpatterns)
    scope = {"type": "websocket", "path": address, "query_string": query.encode(), "headers": [], "subprotocols": []}
    to = ApplicationCommunicator(URLRouter(patterns), scope)
    await to.send_input({"type": "websocket.connect"})
    heard = [await to.receive_output(timeout=PATIENCE)]
    for message in messages:
        await to.send_input({"type": "websocket.receive", "text": fill(json.dumps(message), ids)})
    while heard[-1]["type"] not in {"websocket.close", "websocket.http.response.start"}:
        heard.append(await to.receive_output(timeout=PATIENCE))
    await to.wait(timeout=PATIENCE)
    return heard
