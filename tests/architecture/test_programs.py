"""Programs, at every address of the API: a token opens what its scopes name, of its maker, and no answer has a secret in it.

Made from the API's own schema: an endpoint without a row in test_outsiders.py, and an answer's field without a word below, fail.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from conclave.accounts import bearer
from conclave.accounts.invite import invite as offer
from conclave.accounts.models import ApiToken, User
from conclave.accounts.scopes import REACH, Scope
from conclave.accounts.tokens import make_token
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.meetings.own import create_meeting
from conclave.meetings.plan import plan_meeting
from conclave.meetings.schedule import Schedule
from conclave.site.reference import schema
from tests.accounts.colleagues import hold
from tests.accounts.organisation import belongs, make, person
from tests.architecture.test_outsiders import ASKED, Ask, Ids, fill, missing, plain, rows, things
from tests.meetings.conftest import _fresh_memory, account_of

__all__ = ["_fresh_memory"]
pytestmark = pytest.mark.django_db
MEETING = {"meeting": "{meeting}", "link_id": "{link_id}", "host_hash": "{link_id}"}
# Of what names nothing, and is no row of an outsider's.
OWN = {
    ("get", "/api/v1/meetings"): Ask(path="/api/v1/meetings"),
    ("post", "/api/v1/meetings"): Ask(method="post", path="/api/v1/meetings", body={**MEETING, "title": "Mine"}),
    ("get", "/api/v1/token"): Ask(path="/api/v1/token"),
    ("get", "/api/v1/organisations"): Ask(path="/api/v1/organisations"),
    ("get", "/api/v1/policies"): Ask(path="/api/v1/policies"),
    ("get", "/api/v1/keyring"): Ask(path="/api/v1/keyring"),
    ("put", "/api/v1/keyring"): Ask(method="put", path="/api/v1/keyring", body={}),
    ("delete", "/api/v1/keyring"): Ask(method="delete", path="/api/v1/keyring"),
    ("post", "/api/v1/selftest"): Ask(method="post", path="/api/v1/selftest", body={}),
}
PROXIED = {"Authorization": "Basic YWxpY2U6cA=="}
# Every field that an answer to a token may have, and what it is. A new one is one more line, once it is clear that it opens nothing and
# says nothing of what people say in a call: ids name things to those who may ask for them, names were typed by whoever may read them.
ID, NAME, WORD, TIME, COUNT, SETTING, WHERE = "id", "name", "word", "time", "count", "setting", "where the list goes on"
FIELDS = {
    "meeting": ID, "invitation": ID, "organisation": ID, "membership": ID, "id": ID, "row": COUNT,
    "title": NAME, "whom": NAME, "name": NAME, "address": NAME, "by": NAME, "about": NAME, "begins": NAME,
    "organiser_name": NAME, "host": NAME, "organiser_address": NAME,
    "role": WORD, "kind": WORD, "rule": WORD, "refusal": WORD, "zone": WORD, "what": WORD,
    "before": WORD, "scopes": WORD, "code": WORD, "message": WORD,
    "created_at": TIME, "made_at": TIME, "expires_at": TIME, "revoked_at": TIME, "used_at": TIME, "since": TIME, "notice": ID,
    "at": TIME, "again_at": TIME, "link_due_at": TIME, "start": TIME, "starts_at": TIME, "off": TIME, "minutes": TIME,
    "next_at": TIME, "past_at": TIME, "local": TIME, "after": TIME, "sequence": COUNT, "summer": WORD,
    "presets": SETTING, "guests": SETTING, "sign_in": SETTING, "enforced": SETTING,
    "link_version": COUNT, "found": COUNT, "page": COUNT, "pages": COUNT, "capacity": SETTING, "live": SETTING,
    "preset": SETTING, "who": SETTING, "waiting": SETTING, "passcode": SETTING, "before_host": SETTING,
    "version": WORD, "next": WHERE, "older": WHERE, "receipts": WORD,
}  # fmt: skip
# What the database keeps of secrets and of content, by the names that its columns have.
SECRET = re.compile("hash|key|salt|secret|token|password|digest|seal|link_id|credential|data|body|message|tree|group_info|tag|passcode")
NO_SECRET = {"sessions.Session.session_data", "accounts.User.search_key", "accounts.DomainClaim.token"}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that can be asked, and what a token needs for it: None where none is taken."""

    method: str
    path: str
    scope: str | None
    ways: tuple[str, ...]
    answers: dict[str, Any]

    @property
    def ask(self) -> Ask:
        """The request."""
        return asks()[self.method, self.path]


def asks() -> dict[tuple[str, str], Ask]:
    """Return a request for everything that the API has."""
    found = {(ask.method, re.sub(r"0{64}", "{digest}", ask.path).partition("?")[0]): ask for ask in ASKED.values()}
    named = {("{offer}", "{invitation}"), ("{claim}", "{claim}")}
    return {(method, path.replace(*pair)): ask for (method, path), ask in found.items() for pair in named} | OWN


def operations() -> list[Operation]:
    """Return everything that can be asked."""
    return [
        Operation(
            method=method,
            path=path,
            scope=told.get("x-scope"),
            ways=tuple(name for way in told.get("security", ()) for name in way),
            answers=told["responses"],
        )
        for path, methods in schema()["paths"].items()
        for method, told in methods.items()
    ]


ALL = operations()
OPEN = [one for one in ALL if one.scope is not None]
CLOSED = [one for one in ALL if one.scope is None]
NAMED = [one for one in OPEN if "{" in one.path]


def called(one: Operation) -> str:
    return f"{one.method} {one.path}"


def token_of(user: User, *scopes: Scope, organisation: str | None = None) -> str:
    """Return a token of somebody's."""
    return make_token(account=account_of(user), name="A program", scopes=scopes, days=7, organisation=organisation, now=clock.now())


def tokens_of(user: User, organisation: str) -> list[str]:
    """Return two tokens that may do everything: somebody's own, and one of an organisation of theirs."""
    own = [scope for scope, reach in REACH.items() if reach.act is None]
    return [token_of(user, *own), token_of(user, *(set(REACH) - set(own)), organisation=organisation)]


def fits(one: Operation, tokens: list[str]) -> str:
    """Return the one of the two that this needs."""
    return tokens[one.scope is not None and one.scope != "" and REACH[Scope(one.scope)].act is not None]


def send(one: Operation, ids: Ids, token: str, client: Client | None = None) -> Any:
    """Ask for these things with a token."""
    ask = replace(one.ask, headers={**one.ask.headers, "Authorization": f"Bearer {token}"})
    return ask.send(client or Client(headers={"accept-language": "en"}), ids)


def code(answer: Any) -> str:
    found: str = answer.json()["error"]["code"]
    return found


@pytest.fixture
def alices(db: None) -> Ids:  # noqa: ARG001 - the fixture opens the database
    made, now = things(), clock.now()
    schedule = Schedule(start=clock.to_datetime(now + clock.DAY).replace(second=0, microsecond=0, tzinfo=None), zone="UTC", minutes=60)
    owner = account_of(User.objects.get(name="Alice"))
    plan_meeting(meeting=made["meeting"], owner=owner, title="Plans", schedule=schedule, now=now)
    return made


def test_each_has_a_request_in_the_table_of_outsiders() -> None:
    assert not [called(one) for one in ALL if (one.method, one.path) not in asks()]


def test_charlies_tokens_are_answered_as_if_alices_things_did_not_exist(alices: Ids) -> None:
    """TOK-3, TOK-6."""
    charlie, nothing = User.objects.get(name="Charlie"), missing()
    tokens = tokens_of(charlie, make(charlie, "Charlie's", now=clock.now()))
    before = rows()
    for one in NAMED:
        absent = send(one, nothing, fits(one, tokens))
        assert absent.status_code == 404, called(one)
        assert plain(send(one, alices, fits(one, tokens)), alices) == plain(absent, nothing), called(one)
    # Of what was shown, only the day is noted.
    assert {**rows(), "accounts.ApiToken": []} == {**before, "accounts.ApiToken": []}


def test_tok_3_a_token_without_the_scope_does_nothing(alices: Ids) -> None:
    alice, where = User.objects.get(name="Alice"), alices["organisation"]
    single = {scope: token_of(alice, scope, organisation=where if reach.act else None) for scope, reach in REACH.items()}
    before = rows()
    for one in OPEN:
        others = [token for scope, token in single.items() if one.scope and scope != one.scope]
        assert {code(send(one, alices, token)) for token in others} <= {"token_scope"}, called(one)
    assert {**rows(), "accounts.ApiToken": []} == {**before, "accounts.ApiToken": []}


def test_tok_2_whatever_is_wrong_with_a_token_the_answer_is_the_same_and_the_session_is_not_asked(
    alices: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bearer, "WRONG_TOKEN_RATE", replace(bearer.WRONG_TOKEN_RATE, burst=1000))
    alice = User.objects.get(name="Alice")
    over, back = token_of(alice, Scope.MEETINGS_READ), token_of(alice, Scope.MEETINGS_READ)
    ApiToken.objects.filter(begins=over[:13]).update(expires_at=1)
    ApiToken.objects.filter(begins=back[:13]).update(revoked_at=1)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(alice)
    answers = []
    for one in OPEN:
        answers += [send(one, alices, token, browser) for token in (over, back, "conclave_" + "A" * 43, "", "é", "x" * 4000)]
        if "Session" not in one.ways and one.path != "/api/v1/meetings":
            answers += [one.ask.send(browser, alices), replace(one.ask, headers=PROXIED).send(browser, alices)]
    assert len({answer.content for answer in answers}) == 1
    assert {(answer.status_code, answer.headers["WWW-Authenticate"]) for answer in answers} == {(401, "Bearer")}
    assert code(answers[0]) == "token_invalid"


def test_what_a_proxy_asks_browsers_for_is_no_token(alices: Ids) -> None:
    browser = Client(headers={"accept-language": "en", **PROXIED})
    browser.force_login(User.objects.get(name="Alice"))
    assert browser.get("/api/v1/meetings").json()["meetings"][0]["meeting"] == alices["meeting"]
    lobby = browser.post("/api/v1/lobby", json.dumps({"meeting": "A" * 22, "link_id": "A" * 22}), content_type="application/json")
    assert code(lobby) == "link_unknown"


def test_tok_4_where_browsers_come_into_a_call_no_token_is_taken(alices: Ids) -> None:
    good = token_of(User.objects.get(name="Alice"), Scope.MEETINGS_WRITE)
    before = rows()
    assert {code(send(one, alices, token)) for one in CLOSED for token in (good, "conclave_" + "A" * 43)} == {"token_not_here"}
    assert rows() == before


def test_tok_2_a_token_speaks_for_its_maker_whoever_is_signed_in(alices: Ids) -> None:
    charlie, browser = User.objects.get(name="Charlie"), Client()
    browser.force_login(User.objects.get(name="Alice"))
    bearer = {"Authorization": f"Bearer {token_of(charlie, Scope.MEETINGS_READ)}"}
    assert browser.get("/api/v1/meetings").json()["meetings"][0]["meeting"] == alices["meeting"]
    assert browser.get("/api/v1/meetings", headers=bearer).json() == {"meetings": [], "next": None}


@pytest.mark.parametrize("one", OPEN, ids=called)
def test_tok_5_every_field_of_an_answer_is_known_to_open_nothing(one: Operation) -> None:
    assert not sorted(set(answered(one)) - set(FIELDS)), "add it to FIELDS, if it opens nothing and says nothing of what people say"
    assert {kind for answer in one.answers.values() for kind in answer.get("content", {})} <= {"application/json"}


def test_tok_5_no_field_is_known_that_nobody_answers() -> None:
    assert not set(FIELDS) - {name for one in OPEN for name in answered(one)}


def fields(told: Any) -> Iterator[str]:
    """Yield the names of all keys with a value that a schema has, inside others too; one that takes any key has no name and fails."""
    told = resolved(told)
    if told.get("type") == "object" and told.get("additionalProperties", True) is not False:
        yield f"any key of {told.get('title')}"
    for name, value in told.get("properties", {}).items():
        inner = list(fields(value))
        yield from inner or [name]
    for choice in (*told.get("anyOf", ()), *told.get("allOf", ()), *told.get("oneOf", ()), told.get("items", {})):
        yield from fields(choice) if choice else ()


def resolved(told: Any) -> Any:
    """Return what a reference stands for."""
    return schema()["components"]["schemas"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told


def answered(one: Operation) -> list[str]:
    """Return the names of all fields that its answers may have."""
    bodies = [kind["schema"] for answer in one.answers.values() for kind in answer.get("content", {}).values()]
    return [name for body in bodies for name in fields(body)]


def secrets() -> dict[str, str]:
    """Return all that is kept of secrets and content, with the column in which it is; what people typed or is shorter is none."""
    found: dict[str, str] = {}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            column = f"{model._meta.label}.{field.name}"
            if SECRET.search(field.name) and column not in NO_SECRET and not field.is_relation:
                values = {str(field.value_from_object(row)) for row in model._default_manager.all()}
                found |= {value: column for value in values if len(value) > 7}
    return found | {str(session.session_key): "session" for session in Session.objects.all()}


def test_tok_5_no_answer_has_what_the_database_keeps_of_secrets(alices: Ids) -> None:
    alice, browser = User.objects.get(name="Alice"), Client()
    browser.force_login(alice)
    where = f"/api/v1/meetings/{alices['meeting']}"
    browser.patch(where, json.dumps({"entrance": {"passcode": "canary-2718"}}), content_type="application/json")
    hold(alices["organisation"], "example.org", now=clock.now())
    alice.is_verified = True
    alice.save()
    tokens = tokens_of(alice, alices["organisation"])
    kept = {**secrets(), **dict.fromkeys(tokens, "token"), "canary-2718": "passcode"}
    assert {"meetings.Meeting.link_id", "meetings.Meeting.passcode_hash", "accounts.ApiToken.token_hash"} <= set(kept.values())
    refused = {}
    for one in sorted(OPEN, key=lambda one: one.method == "delete"):
        ids = {**alices, "link_id": "L" * 21 + "A"} | ({"meeting": new_id()} if one.path.endswith("/meetings") else {})
        answer = send(one, ids, fits(one, tokens))
        if answer.status_code >= 300:
            refused[called(one)] = code(answer)
        text, asked = answer.content.decode(), fill(one.ask.path, ids)
        assert not {column for value, column in kept.items() if value in text and value not in asked}, called(one)
        assert "L" * 21 not in text, f"{called(one)}: not even what was just sent"
    assert refused == {"post /api/v1/meetings/{meeting}/link": "call_live"}


QUERIES = {
    "get /api/v1/token": 1,
    "get /api/v1/meetings": 5,
    "get /api/v1/meetings/{meeting}": 2,
    "get /api/v1/meetings/{meeting}/invitations": 3,
    "get /api/v1/meetings/{meeting}/plan": 2,
    "get /api/v1/meetings/{meeting}/receipts": 3,
    "get /api/v1/policies": 6,
    "get /api/v1/organisations": 2,
    "get /api/v1/organisations/{organisation}/directory": 3,
    "get /api/v1/organisations/{organisation}/people": 5,
    "get /api/v1/organisations/{organisation}/invitations": 5,
    "get /api/v1/organisations/{organisation}/journal": 9,
    "get /api/v1/organisations/{organisation}/meetings": 6,
}


def of_house(owner: User, organisation: str, *, now: int) -> None:
    """Make a meeting under an organisation's policy, or under none."""
    create_meeting(
        meeting=new_id(), link_id=new_id(), host_hash=new_id(), title="", owner=account_of(owner), organisation=organisation, now=now
    )


def test_how_many_queries_each_takes_however_much_there_is(alices: Ids, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    alice, now = User.objects.get(name="Alice"), clock.now()
    tokens = tokens_of(alice, alices["organisation"])
    ApiToken.objects.update(used_on=now - now % clock.DAY)
    of_house(alice, alices["organisation"], now=now)
    for times in (1, 5):
        for one in (one for one in OPEN if one.method == "get"):
            with django_assert_num_queries(QUERIES[called(one)], info=called(one)):
                assert send(one, alices, fits(one, tokens)).status_code == 200
        for number in range(times * 3):
            who = person(f"p{number}-{times}")
            belongs(alices["organisation"], alice, who, now=now)
            address = f"q{number}-{times}@example.org"
            offer(organisation=alices["organisation"], account=account_of(alice), address=address, role="member", now=now)
            for house in ("", alices["organisation"]):
                of_house(alice, house, now=now)


def test_a_list_goes_on_where_it_ended(alices: Ids) -> None:
    alice = User.objects.get(name="Alice")
    bearer = {"Authorization": f"Bearer {token_of(alice, Scope.MEETINGS_READ, Scope.MEETINGS_WRITE)}"}
    client = Client(headers=bearer)
    made = [missing("meeting", "link_id") for _ in range(4)]
    for ids in made:
        body = json.loads(fill(json.dumps({**MEETING, "title": ids["meeting"]}), ids))
        assert client.post("/api/v1/meetings", json.dumps(body), content_type="application/json").status_code == 201
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = client.get(f"/api/v1/meetings?limit=2{after and f'&after={after}'}").json()
        assert len(page["meetings"]) <= 2
        seen += [one["meeting"] for one in page["meetings"]]
        after = page["next"]
    assert sorted(seen) == sorted([alices["meeting"], *(ids["meeting"] for ids in made)])
    for wrong in ("1", "x.y", "1.x%00", "9" * 16 + ".A", "1.'"):
        assert client.get(f"/api/v1/meetings?after={wrong}").status_code == 400
    for wrong in ("0", "101", "x"):
        assert client.get(f"/api/v1/meetings?limit={wrong}").status_code == 400


@pytest.mark.usefixtures("alices")
def test_each_token_and_whoever_guesses_them_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    alice, client = User.objects.get(name="Alice"), Client()
    one, other = ({"Authorization": f"Bearer {token_of(alice, Scope.MEETINGS_READ)}"} for _ in range(2))
    monkeypatch.setattr(bearer, "TOKEN_RATE", replace(bearer.TOKEN_RATE, burst=2, every_ms=clock.HOUR))
    monkeypatch.setattr(bearer, "WRONG_TOKEN_RATE", replace(bearer.WRONG_TOKEN_RATE, burst=2, every_ms=clock.HOUR))
    assert [client.get("/api/v1/token", headers=one).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/api/v1/token", headers=other).status_code == 200
    assert [client.get("/api/v1/token").status_code for _ in range(3)] == [401, 401, 429]
    assert client.get("/api/v1/token", headers=other).status_code == 429, "nor does a good one come in between guesses"


def test_searches_by_a_token_are_counted_with_those_of_the_page(alices: Ids) -> None:
    """D5: whoever has both has not more."""
    alice = User.objects.get(name="Alice")
    browser, program = Client(), Client(headers={"Authorization": f"Bearer {token_of(alice, Scope.DIRECTORY_READ)}"})
    browser.force_login(alice)
    page, api = (f"{before}/organisations/{alices['organisation']}/directory?words=ali" for before in ("", "/api/v1"))
    answers = [(browser.get(page) if number % 2 else program.get(api)).status_code for number in range(32)]
    assert answers[-1] == 429
    assert answers.count(200) == 30
