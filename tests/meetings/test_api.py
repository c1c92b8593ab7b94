"""meetings/api.py: what the JSON API takes, gives and refuses (JOIN-3, LINK-4; docs/protocol/meetings.md)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conclave.accounts import schemas as programs_schemas
from conclave.accounts.models import User
from conclave.kernel import clock, limits
from conclave.kernel.ids import new_id
from conclave.media import placement, selftest, ticket
from conclave.meetings import api as meetings_api
from conclave.meetings import schemas
from conclave.meetings.guard import LARGEST_BODY
from conclave.meetings.models import Call, Meeting, Participant
from conclave.meetings.now import meet_now_link
from tests.meetings.conftest import NOW, Joins, Link, Posts, device_of, key_of

pytestmark = pytest.mark.django_db


def test_a_join_answers_a_ticket_as_the_protocol_says(posts: Posts, link: Link) -> None:
    answer = posts("/join", _request(link))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    ticket = answer.json()
    assert set(ticket) == {
        "v", "meeting", "call", "participant", "seat", "name", "role", "time", "attestation", "attestation_signature", "attestation_key",
        "link_version", "region", "media", "socket",
    }  # fmt: skip
    media = {"url": "/media/local", "ice_servers": [], "addresses": ["127.0.0.1"], "picture": "full"}
    assert ticket["media"] == {**media, "token": ticket["media"]["token"]}
    assert (ticket["v"], ticket["region"], ticket["socket"]) == (1, {"id": "local", "territory": ""}, "/api/v1/socket")


def test_where_https_ends_here_the_ticket_names_our_turn_server_and_no_other(posts: Posts, link: Link, settings: Settings) -> None:
    """JOIN-10, JOIN-13."""
    settings.CONCLAVE = replace(settings.CONCLAVE, lan=True, public_url="https://127.0.0.1:8443")
    people = (_request(link, name=name, signature_key=key_of(name)) for name in ("Alice", "Bob"))
    first, second = (posts("/join", person).json()["media"]["ice_servers"] for person in people)
    assert [set(server) for server in first] == [{"urls", "username", "credential"}]
    assert first[0]["urls"] == "turns:127.0.0.1:8443?transport=tcp"
    assert first != second
    (trial,) = posts("/selftest", {}).json()["media"]["ice_servers"]
    assert trial["urls"] == first[0]["urls"]


def test_a_reload_asks_again(posts: Posts, link: Link) -> None:
    first = posts("/join", _request(link)).json()
    again = {"participant": first["participant"], "seat": first["seat"]}
    second = posts("/join", _request(link, again=again))
    assert second.json()["participant"] == first["participant"]
    refused = posts("/join", _request(link, again={**again, "seat": new_id()}))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "seat_unknown")


def test_a_signed_in_owner_is_attested_as_host(posts: Posts, client: Client, link: Link, alice: User) -> None:
    client.force_login(alice)
    ticket = posts("/join", _request(link, name="Alice")).json()
    assert ticket["role"] == "host"
    assert alice.pk not in json.dumps(ticket)
    assert "account" in json.loads(ticket["attestation"])


@pytest.mark.parametrize(
    ("name", "code"), [("", "name_empty"), (" \u200b", "name_empty"), ("x" * 10_240, "name_too_long"), ("Ali\u202ece", "name_forbidden")]
)
def test_names_are_refused_with_their_code(posts: Posts, link: Link, name: str, code: str) -> None:
    answer = posts("/join", _request(link, name=name))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_unknown_wrong_and_deleted_look_the_same(posts: Posts, link: Link) -> None:
    """LINK-4: body, status and headers."""
    answers = [posts("/join", _request(link, meeting=new_id())), posts("/join", _request(link, link_id=new_id()))]
    answers += [
        posts("/lobby", {"meeting": new_id(), "link_id": link.link_id}),
        posts("/lobby", {"meeting": link.meeting, "link_id": new_id()}),
    ]
    Meeting.objects.update(deleted_at=NOW)
    answers += [posts("/join", _request(link)), posts("/lobby", {"meeting": link.meeting, "link_id": link.link_id})]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    for path in ("/join", "/lobby"):
        asked = [answer for answer in answers if answer.wsgi_request.path.endswith(path)]
        assert len({str(sorted(answer.headers.items())) for answer in asked}) == 1
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": "1"}, {"v": 1.0}, {"v": None}, {"meeting": "short"}, {"meeting": "x" * 22}, {"meeting": 7}, {"link_id": None},
        {"name": 7}, {"name": None}, {"signature_key": "x" * 44}, {"signature_key": "=" * 43}, {"device": ""}, {"device": "x" * 44},
        {"again": {}}, {"again": {"participant": "x", "seat": "y"}}, {"again": []}, {"admin": True}, {"__proto__": {}},
    ],
)  # fmt: skip
def test_what_is_not_the_protocol_is_malformed(posts: Posts, link: Link, change: dict[str, Any]) -> None:
    answer = posts("/join", {**_request(link), **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert not Call.objects.exists()


@pytest.mark.parametrize("body", [b" ", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe", b'{"v":1,"v":1}', b"{" * 5000, b'{"v":NaN}'])
def test_what_is_not_json_is_malformed(client: Client, body: bytes) -> None:
    answer = client.post("/api/v1/join", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


def test_an_oversized_body_is_refused_unread(client: Client) -> None:
    answer = client.post("/api/v1/join", b" " * (LARGEST_BODY + 1), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
def test_a_form_of_another_site_cannot_ask(client: Client, link: Link, kind: str) -> None:
    """JOIN-3."""
    answer = client.post("/api/v1/join", json.dumps(_request(link)), content_type=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_json")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
def test_another_origin_cannot_ask(posts: Posts, link: Link, headers: dict[str, str]) -> None:
    """JOIN-3."""
    answer = posts("/join", _request(link), **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "other_origin")
    assert posts("/join", _request(link), Origin="http://testserver", **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_another_origin_cannot_even_read(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/meetings", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_lobby_tells_title_inviter_region_and_whether_it_is_live(posts: Posts, link: Link, joins: Joins) -> None:
    """JOIN-12: and asking changes nothing."""
    asked = {"meeting": link.meeting, "link_id": link.link_id}
    shown = {"title": "Plans", "inviter": "Alice", "region": {"id": "local", "territory": ""}, "live": False, "link_version": 1}
    shown |= {"open": True, "passcode": False, "sign_in": False, "preset": "open", "other_regions": [], "outside": []}
    assert posts("/lobby", asked).json() == shown
    assert not Call.objects.exists()
    joins("Bob")
    assert posts("/lobby", asked).json() == {**shown, "live": True}
    assert Participant.objects.count() == 1


def test_guessing_links_is_slowed_down(posts: Posts, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOIN-11."""
    monkeypatch.setattr(meetings_api, "WRONG_LINK_RATE", limits.Rate(name="wrong_link", burst=2, every_ms=60_000))
    codes = [posts("/lobby", {"meeting": link.meeting, "link_id": new_id()}).status_code for _ in range(3)]
    assert codes == [404, 404, 429]
    assert posts("/lobby", {"meeting": link.meeting, "link_id": link.link_id}).status_code == 200


def test_an_owner_makes_renames_lists_and_deletes(posts: Posts, client: Client, alice: User) -> None:
    """MEET-3, MEET-4, MEET-5."""
    client.force_login(alice)
    made = _meeting()
    answer = posts("/meetings", made)
    assert (answer.status_code, answer.json()) == (201, {"meeting": made["meeting"], "link_version": 1})
    assert posts("/meetings", made).json()["error"]["code"] == "meeting_exists"
    path = f"/meetings/{made['meeting']}"
    assert posts(path, {"title": "Other"}, method="patch").json()["title"] == "Other"
    assert [meeting["title"] for meeting in client.get("/api/v1/meetings").json()["meetings"]] == ["Other"]
    one = client.get(f"/api/v1{path}").json()
    assert one.pop("entrance")["preset"] == "guarded"
    assert one == {
        "meeting": made["meeting"],
        "title": "Other",
        "link_version": 1,
        "created_at": one["created_at"],
        "live": False,
        "organisation": None,
    }
    assert client.delete(f"/api/v1{path}").status_code == 204
    assert client.get(f"/api/v1{path}").json()["error"]["code"] == "meeting_unknown"
    assert client.delete(f"/api/v1{path}").status_code == 404
    assert posts("/meetings", made).json()["error"]["code"] == "meeting_exists", "a deleted meeting keeps its id"


@pytest.mark.parametrize("key", ["secret", "host_key", "link"])
def test_what_opens_a_meeting_is_refused_unread(posts: Posts, client: Client, alice: User, key: str) -> None:
    """MEET-1."""
    client.force_login(alice)
    answer = posts("/meetings", {**_meeting(), key: new_id()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert not Meeting.objects.exists()


def test_meet_now_needs_no_account_but_its_token(posts: Posts) -> None:
    """MEET-6."""
    token = meet_now_link(now=NOW).partition("#")[2]
    assert posts("/meetings", {**_meeting(), "now": "guess"}).json()["error"]["code"] == "now_used"
    assert posts("/meetings", {**_meeting(), "now": token}).status_code == 201
    assert posts("/meetings", {**_meeting(), "now": token}).json()["error"]["code"] == "now_used"


def test_a_meet_now_meeting_is_nobodys_even_when_its_maker_is_signed_in(posts: Posts, client: Client, alice: User) -> None:
    """MEET-7."""
    client.force_login(alice)
    made = _meeting()
    token = meet_now_link(now=NOW).partition("#")[2]
    assert posts("/meetings", {**made, "now": token, "preset": "open"}).status_code == 201
    assert client.get("/api/v1/meetings").json() == {"meetings": [], "next": None}
    link = Link(meeting=made["meeting"], link_id=made["link_id"])
    assert posts("/lobby", {"meeting": link.meeting, "link_id": link.link_id}).json()["inviter"] == ""
    assert posts("/join", _request(link, name="Alice")).json()["role"] == "guest"


def test_charlie_can_neither_see_nor_change_nor_make(posts: Posts, client: Client, link: Link, bob: User) -> None:
    """MEET-4."""
    path = f"/meetings/{link.meeting}"
    for signed_in, status in ((False, 401), (True, 404)):
        if signed_in:
            client.force_login(bob)
        assert client.get(f"/api/v1{path}").status_code == status
        assert posts(path, {"title": "Mine"}, method="patch").status_code == status
        assert client.delete(f"/api/v1{path}").status_code == status
    client.logout()
    assert client.get("/api/v1/meetings").json()["error"]["code"] == "not_signed_in"
    assert posts("/meetings", _meeting()).status_code == 401
    assert Meeting.objects.get().title == "Plans"


@pytest.mark.parametrize("seat", ["", ".", "x", "x.y.z", f"{'a' * 22}.{'b' * 22}"])
def test_a_tree_is_for_those_who_sit_there(client: Client, joins: Joins, seat: str) -> None:
    bob = joins("Bob")
    path = f"/api/v1/trees/{'0' * 64}"
    assert client.get(path, headers={"Conclave-Seat": seat}).json()["error"]["code"] == "seat_unknown"
    assert client.get(path, headers={"Conclave-Seat": f"{bob.participant}.{bob.seat}"}).json()["error"]["code"] == "tree_unknown"


def test_the_schema_is_served(client: Client) -> None:
    assert "TicketOut" in client.get("/api/v1/openapi.json").json()["components"]["schemas"]


def test_anybody_may_ask_for_a_way_to_the_engine_and_takes_no_seat_by_it(client: Client) -> None:
    """SELF-1: a room of its own, and no other grant than a participant's."""
    answer = client.post("/api/v1/selftest", "{}", content_type="application/json").json()
    opens = ticket.read(token=answer["media"]["token"], credentials=placement.regions()["local"].credentials(), now=clock.now())
    assert selftest.is_selftest(room=opens.call)
    assert (answer["media"]["url"], answer["media"]["ice_servers"]) == ("/media/local", [])
    again = client.post("/api/v1/selftest", "{}", content_type="application/json").json()
    other = ticket.read(token=again["media"]["token"], credentials=placement.regions()["local"].credentials(), now=clock.now())
    assert other.call != opens.call
    assert not Call.objects.exists()
    assert not Participant.objects.exists()


def test_many_addresses_together_do_not_fill_the_engine_with_rooms(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """SELF-1."""
    monkeypatch.setattr(meetings_api, "SELFTESTS_RATE", limits.Rate(name=new_id(), burst=2, every_ms=60_000))
    asked = [client.post("/api/v1/selftest", "{}", content_type="application/json", REMOTE_ADDR=f"198.51.100.{at}") for at in range(3)]
    assert [answer.status_code for answer in asked] == [200, 200, 429]


def test_the_schema_can_be_exported_without_serving() -> None:
    paths = meetings_api.api.get_openapi_schema()["paths"]
    known = {"join", "knock", "lobby", "selftest", "meetings", "meetings/{meeting}", "meetings/{meeting}/link", "trees/{digest}"}
    known |= {"keyring", "policies", "meetings/{meeting}/plan", "meetings/{meeting}/receipts", "receipt"}
    known |= {"meetings/{meeting}/invitations", "meetings/{meeting}/invitations/{invitation}", "token", "organisations"}
    known |= {f"organisations/{{organisation}}/{part}" for part in ("directory", "people", "invitations", "journal", "meetings")}
    assert {f"/api/v1/{path}" for path in known} == set(paths)


def test_the_printed_schema_names_every_body_that_a_browser_meets() -> None:
    """What only programs are answered (accounts/schemas.py) is no part of it."""
    served = set(meetings_api.api.get_openapi_schema()["components"]["schemas"])
    programs = {name for name in vars(programs_schemas) if name.endswith("Out")}
    assert served - programs <= set(schemas.schema()["$defs"])  # type: ignore[call-overload]
    assert programs <= served


def test_no_answer_is_a_page(client: Client) -> None:
    assert client.get("/api/v1/nothing").json()["error"]["code"]
    assert client.put("/api/v1/join").status_code == 405


def _request(link: Link, name: str = "Bob", **change: Any) -> dict[str, Any]:
    return {
        "v": 1, "meeting": link.meeting, "link_id": link.link_id, "name": name, "signature_key": key_of("Bob"), "device": device_of("Bob"),
        **change,
    }  # fmt: skip


def _meeting() -> dict[str, str]:
    return {"meeting": new_id(), "title": "Plans", "link_id": new_id(), "host_hash": new_id()}
