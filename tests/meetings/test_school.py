"""school: the meetings of a school go by the preset for classes, whatever its policy says (SCHOOL-5)."""

import pytest
from hypothesis import given
from hypothesis import settings as examples

from conclave.accounts.models import School, User
from conclave.accounts.rulebook import ruling_of
from conclave.accounts.rules import Guests, Policy, Rule, Wanted, of_a_school, tightened
from conclave.accounts.schooling import STANDS, Standing
from conclave.meetings.hosting import policies_for
from conclave.meetings.models import Meeting
from conclave.meetings.own import change_meeting
from conclave.meetings.ruled import ENTRANCES, EntranceRuled, PresetRuled, ruled
from tests.accounts.test_rules import MEETINGS, POLICIES
from tests.conftest import longer
from tests.meetings.conftest import NOW, account_of
from tests.meetings.test_ruled import Rules, made, rules, school

__all__ = ["rules", "school"]


@pytest.fixture
def approved(school: str) -> str:
    """The same organisation, as a school."""
    School.objects.create(organisation_id=school, country="FR", registry="0750001A", standing=Standing.APPROVED)
    return school


@pytest.mark.django_db
def test_school_5_a_teacher_makes_no_meeting_that_is_looser_than_a_class(approved: str, rules: Rules, bob: User) -> None:
    rules(Rule.GUESTS, guests=Guests.ADMITTED, presets=frozenset({"open", "confidential"}), preset="open")
    with pytest.raises(PresetRuled):
        made(approved, bob, preset="open")
    with pytest.raises(EntranceRuled):
        made(approved, bob, preset=None, changes={"waiting": "nobody"})
    link = made(approved, bob, preset=None, changes={"waiting": "everybody"})
    row = Meeting.objects.get()
    assert (row.preset, row.waiting, row.before_host) == ("school", "everybody", False)
    with pytest.raises(PresetRuled):
        change_meeting(meeting=link.meeting, owner=account_of(bob), preset="guarded", now=NOW)
    choices = [(choice.presets, choice.preset) for choice in policies_for(account=account_of(bob), shown=())]
    assert choices == [(["school"], "school")], "nothing else is offered"
    ruling = ruling_of(organisation=approved)
    assert ruling is not None
    assert ruling.policy.guests is Guests.ADMITTED, "what the school says itself holds too"


@pytest.mark.django_db
def test_school_5_meetings_that_are_there_are_bound_while_the_school_stands_and_after_its_year(school: str, bob: User) -> None:
    made(school, bob, preset="open")
    row = Meeting.objects.get()
    assert ruled(meeting=row).holds.preset == "open"
    is_school = School.objects.create(organisation_id=school, country="FR", registry="0750001A", standing=Standing.NONE)
    for standing in Standing:
        School.objects.filter(pk=is_school.pk).update(standing=standing)
        holds = ruled(meeting=row).holds
        bound = (holds.preset, holds.entrance.waiting, holds.entrance.before_host)
        assert bound == (("school", "strangers", False) if standing in STANDS else ("open", "nobody", True))


@examples(max_examples=longer(100))
@given(policy=POLICIES, meeting=MEETINGS)
def test_school_5_whatever_a_school_says_no_meeting_of_it_is_looser_than_the_preset(policy: Policy, meeting: Wanted) -> None:
    holds = tightened(policy=of_a_school(policy=policy), wanted=meeting, presets=ENTRANCES)
    assert holds.preset == "school"
    assert not holds.recording
    own = tightened(policy=policy, wanted=meeting, presets=ENTRANCES)
    for name in ("sign_in", "guests", "clients", "regions", "retention_days", "rotation"):
        assert getattr(holds, name) == getattr(own, name), f"{name} is as the school says"
    assert holds.entrance.waiting in {"strangers", "uninvited", "everybody"}
    assert not holds.entrance.before_host
    assert policy.enforced <= of_a_school(policy=policy).enforced
