"""`python -m benchmarks.scale.fill PEOPLE MEETINGS`: fills a new database with so many, and prints what the measurement needs to know.

Rows are copies of one that the product made, multiplied inside the database: whatever columns there are, they hold what a real row holds.
Half of the people belong to one organisation, as in a university; the others to organisations of a hundred.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks.scale.newcomer import newcomer  # noqa: E402
from conclave.accounts.challenge import Method  # noqa: E402
from conclave.accounts.models import DomainClaim, Membership, Organisation, User  # noqa: E402
from conclave.accounts.organise import found  # noqa: E402
from conclave.accounts.tenure import State, proved  # noqa: E402
from conclave.accounts.tokens import make_token  # noqa: E402
from conclave.kernel import clock  # noqa: E402
from conclave.kernel.ids import UserId, new_id  # noqa: E402
from conclave.media.enter import enter_configuration  # noqa: E402
from conclave.meetings.models import Meeting  # noqa: E402
from conclave.meetings.own import create_meeting  # noqa: E402

SYLLABLES = [consonant + vowel for consonant in "bdgklmnprstv" for vowel in "aeo"]
FIRST = [
    "Alice", "Bob", "Chloe", "Daniel", "Emma", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Karima", "Louis", "Maria", "Noah", "Olga",
    "Paul", "Rosa", "Samir", "Tilda", "Ugo", "Vera", "Yann", "Zoe",
]  # fmt: skip
SMALL_ORGANISATION = 100
PEOPLE_WHO_ASK, MEETINGS_TO_JOIN = 60, 2000


def main() -> None:
    """Fill the database, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale.fill")
    parser.add_argument("people", type=int)
    parser.add_argument("meetings", type=int)
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    # As a server's first start does: a call is held only on an engine that the ledger names.
    enter_configuration(now=clock.now())
    with transaction.atomic():
        large = _people(arguments.people)
        _meetings(arguments.meetings, people=arguments.people)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps(_known(large)))


def _people(number: int) -> str:
    """Make people and their organisations; return the largest one's id."""
    now = clock.now()
    founder = User.objects.create(email="founder@example.org", name="Founder", is_verified=True, created_at=now)
    large = found(name="University", account=UserId(founder.pk), now=now)
    tenure = proved(now=now)
    DomainClaim.objects.create(
        organisation_id=large, domain="example.org", method=Method.DNS, token="t", state=State.VERIFIED, created_at=now,  # noqa: S106
        ends_at=tenure.ends_at, next_check_at=tenure.next_check_at,
    )  # fmt: skip
    name = f"{_one_of(FIRST, 7919)} || ' ' || initcap({_one_of(SYLLABLES, 31)} || {_one_of(SYLLABLES, 517)} || {_one_of(SYLLABLES, 6151)})"
    email = f"lower(replace({name}, ' ', '.')) || '.' || i || CASE WHEN i <= {number // 2} THEN '@example.org' ELSE '@example.net' END"
    _multiply(User, founder.pk, number, id=_id("u"), email=email, name=name, search_key=f"' ' || lower({name})")
    others = max(1, number // 2 // SMALL_ORGANISATION)
    _multiply(Organisation, large, others, id=_id("o"), name="'Club ' || i")
    seat = Membership.objects.get(user=founder).pk
    theirs = f"CASE WHEN i <= {number // 2} THEN '{large}' ELSE {_id('o', f'1 + i % {others}')} END"
    _multiply(Membership, seat, number, id=_id("s"), user_id=_id("u"), organisation_id=theirs, role="'member'")
    return large


def _meetings(number: int, *, people: int) -> None:
    """Make meetings, each person ten or so."""
    first = new_id()
    owner = User.objects.get(name="Founder").pk
    drawn = new_id(), new_id()
    create_meeting(meeting=first, title="Plans", link_id=drawn[0], host_hash=drawn[1], owner=UserId(owner), now=clock.now(), preset="open")
    of, at = _id("u", f"1 + i % {people}"), f"{clock.now()} - (i * 7919) % {300 * clock.DAY}"
    _multiply(Meeting, first, number, id=_id("m"), link_id=_id("l"), owner_id=of, title="'Plans ' || i", created_at=at)


def _multiply(model: type[models.Model], row: str, number: int, **columns: str) -> None:
    """Copy a row so many times, with other values in these columns: SQL in which i counts from 1."""
    names = [str(field.column) for field in model._meta.concrete_fields]  # noqa: SLF001 - Django's documented API
    values = ", ".join(columns.get(name, f'of."{name}"') for name in names)
    table, into = model._meta.db_table, ", ".join(f'"{name}"' for name in names)  # noqa: SLF001 - as above
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({into}) SELECT {values} FROM "{table}" of, generate_series(1::bigint, {number}) i '  # noqa: S608 - ours
            f"WHERE of.id = '{row}'"
        )


def _id(kind: str, number: str = "i") -> str:
    """Return SQL for the id of one of these by its number: 16 bytes as b64."""
    return f"left(translate(encode(sha256(('{kind}' || ({number}))::bytea), 'base64'), '+/', '-_'), 21) || 'A'"


def _one_of(words: list[str], step: int) -> str:
    """Return SQL for one of these words, another for each i."""
    return f"(ARRAY{words})[1 + (i * {step} / {len(words)} + i) % {len(words)}]"


def _known(large: str) -> dict[str, Any]:
    """Return what is asked for: tokens and sessions of people, meetings with their links, beginnings of names."""
    now = clock.now()
    step = max(1, User.objects.count() // 2 // PEOPLE_WHO_ASK)
    members = User.objects.filter(memberships__organisation=large).exclude(name="Founder").order_by("pk")[: PEOPLE_WHO_ASK * step : step]
    people = [_asking(user, now=now) for user in members]
    step = max(1, Meeting.objects.count() // MEETINGS_TO_JOIN)
    links = list(Meeting.objects.order_by("pk").values_list("pk", "link_id")[: MEETINGS_TO_JOIN * step : step])
    known = {"organisation": large, "people": people, "meetings": links, "cookie": settings.SESSION_COOKIE_NAME}
    return {**known, "queries": _queries(known)}


def _queries(known: dict[str, Any]) -> dict[str, int]:
    """Return how many queries each kind of request takes: once a process is warm and the token's day is noted."""
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {known['people'][0]['token']}"})
    where = f"/api/v1/organisations/{known['organisation']}/directory?words={known['people'][0]['words']}"

    def join(number: int) -> Any:  # noqa: ANN401 - Django's answer
        body = newcomer(*known["meetings"][-1 - number])
        return Client(SERVER_NAME="localhost").post("/api/v1/join", json.dumps(body), content_type="application/json")

    kinds: dict[str, Callable[[int], Any]] = {
        "join": join,
        "list": lambda _number: client.get("/api/v1/meetings"),
        "search": lambda _number: client.get(where),
    }
    counts = {}
    for name, ask in kinds.items():
        for number in range(2):
            with CaptureQueriesContext(connection) as taken:
                answer = ask(number)
            assert answer.status_code == 200, answer.content
            counts[name] = len(taken)
    return counts


def _asking(user: User, *, now: int) -> dict[str, str]:
    """Return how one person is known: by a token, by a session, and by the first letters of the name as colleagues type it."""
    scopes = ["meetings:read", "directory:read"]
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = user.pk, settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    first, last = user.name.split()
    token = make_token(account=UserId(user.pk), name="Benchmark", scopes=scopes, days=7, now=now)
    return {"token": token, "session": str(session.session_key), "words": f"{first} {last[:2]}".lower()}


if __name__ == "__main__":
    main()
