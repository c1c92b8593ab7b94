"""trust: the page on orders of public authorities is made from the rules that decide; a rule that changes changes it."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.utils.translation import override
from pytest_django import Settings

from conclave.accounts import staff_policy
from conclave.accounts.models import StaffMember
from conclave.accounts.staff_policy import Act, Role
from conclave.authorities import narrowing, policy, terminal, words
from conclave.authorities.policy import AuthorityKind, Item, OrderKind, Reason, State
from conclave.gate import policy as gate
from conclave.gate.policy import Kind
from conclave.site import request_words, requests
from tests.authorities.desk import make_desk

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "fr")


def page(language: str = "en") -> str:
    answer = Client(headers={"accept-language": language}).get("/trust/government-requests")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def rows(text: str, table: str) -> list[list[str]]:
    """Return the cells of a table."""
    part = text[text.index(f'id="{table}"') :].split("</table>", 1)[0]
    lines = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)[1:]
    return [[re.sub("<.*?>", "", cell).strip() for cell in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", line, re.DOTALL)] for line in lines]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_that_the_rules_know_stands_there(language: str) -> None:
    text = page(language)
    with override(language):
        for table in (words.CHANNELS, words.KINDS, words.ITEMS, words.MEASURES, words.GROUNDS, words.TERMINAL):
            for word in table.values():
                assert str(word) in text
    assert f" {policy.LONGEST_MS // policy.DAY} " in text
    part = text[text.index('id="terminal"') :].split("</section>", 1)[0]
    assert f" {terminal.AFTER_MS // policy.DAY} " in part
    assert part.count("<li>") == len(terminal.Act) == len(words.TERMINAL)


def test_for_every_act_it_is_decided_whether_it_is_about_orders() -> None:
    others = {
        Act.SEE_REPORTS, Act.OPEN_ENGINE, Act.SEE_NODES, Act.ENTER_NODE, Act.SEE_APPLICATIONS,
        Act.DECIDE_APPLICATION, Act.SEE_STAFF, Act.CHANGE_STAFF,
    }  # fmt: skip
    assert {*requests.ACTS, *others} == set(Act), "name a new act in requests.ACTS and request_words.ACTS, or here"
    assert set(request_words.ACTS) == set(requests.ACTS)
    assert set(request_words.DRAFTS) == {one.id for one in requests.drafts()}


def test_what_the_rules_say_today() -> None:
    found = requests.follows(chosen=policy.Policy.JUDICIAL_ONLY)
    assert {kind for kind, by in found.items() if by == [AuthorityKind.COURT]} == {OrderKind.ACT, OrderKind.INFORM}
    assert not any(by for kind, by in found.items() if kind not in {OrderKind.ACT, OrderKind.INFORM})
    assert requests.follows(chosen=policy.Policy.LAWFUL_ADMIN)[OrderKind.ACT] == list(AuthorityKind)
    assert not any(found for found in requests.follows(chosen=policy.Policy.REFUSE_ALL).values())
    assert set(requests.items()) == set(Item)
    assert {one.id: one.fault for one in requests.drafts()} == {
        "right": None,
        "elsewhere": Reason.NOT_CLAIMED,
        "beyond": Reason.NOT_COMPETENT,
        "no_territory": Reason.NOT_CLAIMED,
        "no_end": Reason.PERIOD,
        "too_long": Reason.PERIOD,
        "nobody": Reason.TARGET,
        "both": Reason.TARGET,
    }
    assert [one.met for one in requests.places()] == [True, *[False] * 6]
    text = page()
    assert "Fewer are not enough." in text
    assert [line.rsplit(" ", 1)[-1] for line in re.findall(r"<li>(.*?)</li>", text[text.index('id="approvers"') :])[:4]] == [
        "no",
        "yes",
        "yes",
        "no",
    ]
    assert rows(text, "drafts")[0][1] == "It can be judged."


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (
            lambda: (policy, "_GUARDS", tuple(one for one in policy._GUARDS if one[2] is not Reason.APPROVALS)),
            "Fewer are not enough.",
            None,
        ),
        (lambda: (policy, "APPROVERS", 3), "once 2 people", "once 3 people"),
        (lambda: (policy, "LONGEST_MS", 30 * policy.DAY), "over after 90 days", "over after 30 days"),
        (lambda: (narrowing, "LONGEST_DEFERRED_MS", 7 * policy.DAY), "for 90 days at most; then", "for 7 days at most; then"),
        (lambda: (policy, "fault_of", lambda **_all: None), "No. A measure has an end", None),
        (lambda: (gate, "located", lambda _evidence: "CN"), None, "yes"),
        (lambda: (staff_policy, "DANGEROUS", frozenset()), "with a passkey)", None),
        (lambda: (staff_policy, "TABLE", {**staff_policy.TABLE, Act.APPROVE_MEASURE: {Role.INTAKE: staff_policy.Extent.ALL}}), None, None),
        (lambda: (policy, "becomes", lambda _waiting: policy.MeasureState.ACTIVE), "ledger: yes", "ledger: no"),
        (lambda: (words, "GROUNDS", {**words.GROUNDS, "new": "It is raining."}), None, "It is raining."),
        (lambda: (words, "MEASURES", {**words.MEASURES, "end": "The meeting ends."}), None, "The meeting ends."),
    ],
)
def test_a_rule_that_changes_changes_the_page(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[], tuple[object, str, object]], before: str | None, after: str | None
) -> None:
    was = page()
    where, name, value = change()
    monkeypatch.setattr(where, name, value)
    now = page()
    assert was != now
    if before is not None:
        assert before in was
    if before is not None and after is None:
        assert before not in now
    if after is not None:
        assert after in now


def test_a_step_more_or_a_guard_less_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    was = rows(page(), "steps")
    monkeypatch.setitem(policy.TRANSITIONS, (State.RECEIVED, policy.Move.EXECUTE), State.EXECUTING)
    assert rows(page(), "steps") != was
    checklist = page()
    monkeypatch.setattr(policy, "_narrowing", lambda _facts: None)
    assert page() != checklist
    assert requests.items() == [], "nothing is needed any more, and the page does not say so"


def test_hong_kong_would_stand_there_if_it_were_met(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [row[-1] for row in rows(page(), "places")] == ["yes", *["no"] * 6]
    ours = gate.located
    monkeypatch.setattr(gate, "located", lambda evidence: "CN" if evidence.country == "HK" else ours(evidence))
    assert [row[-1] for row in rows(page(), "places")][:2] == ["yes", "yes"]


def test_it_says_how_this_server_stands(settings: Settings) -> None:
    text = page()
    assert "The desk is not staffed." in text
    assert "has named no country" in text
    settings.CONCLAVE = replace(settings.CONCLAVE, order_policy="refuse_all", establishment="FR, HK")
    make_desk()
    text = page()
    assert "This server refuses every order." in text
    assert "The desk is staffed" in text
    assert "France, Hong Kong" in text
    StaffMember.objects.all().delete()
    assert "The desk is not staffed." in page()


def test_what_can_be_told_is_what_the_inventory_has_marked() -> None:
    text = page()
    inventory = unescape(Client().get("/inventory").content.decode())
    count = inventory.count('class="ordered"')
    assert count > 0
    assert f"These fields: {count}" in text


def test_the_example_is_one_of_the_kinds_that_there_are() -> None:
    assert {field.name for field in dataclasses.fields(gate.Measure)} >= {"territory", "starts_at", "ends_at"}
    assert Kind.REMOVE_FROM in words.MEASURES
