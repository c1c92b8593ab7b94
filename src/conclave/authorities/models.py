"""The tables of orders. What must never be is refused by the database itself, whoever writes (ORD-1): a measure without an order or an end,
of more than one territory or none, of a kind that there is not, for too long, or one that acts without a leaf that was cosigned.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from conclave.authorities.glass_rule import LONGEST_RANGE_MS, Scope
from conclave.authorities.narrowing import LONGEST_DEFERRED_MS, LONGEST_TOLD_MS
from conclave.authorities.outcomes import Effect, Outcome
from conclave.authorities.policy import LONGEST_MS, AuthorityKind, Cause, Channel, MeasureState, OrderKind, State, ToldState
from conclave.gate.policy import Kind
from conclave.kernel.ids import ID_LENGTH, new_id
from conclave.kernel.territories import CODE_LENGTH, CODES

LONGEST_TEXT, LONGEST_LINE = 4000, 200
# In the place of an account that is no more: the measure is about nobody then, and still about one thing.
ERASED = "erased"


def _choices(kinds: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return an enumeration as Django's choices."""
    return [(kind.value, kind.value) for kind in kinds]


def _among(field: str, kinds: Iterable[StrEnum]) -> Q:
    """Return the condition that a column has a value of this enumeration."""
    return Q(**{f"{field}__in": sorted(kind.value for kind in kinds)})


class Order(models.Model):
    """What a public authority demands, as it came, and where it stands."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    # On each notice; the receipt is the authority's own, and shows where the order stands. The ledger knows it by a third one.
    public_id = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    receipt = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    obj = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    channel = models.CharField(max_length=8, choices=_choices(Channel))
    kind = models.CharField(max_length=16, choices=_choices(OrderKind))
    authority = models.CharField(max_length=LONGEST_LINE)
    authority_kind = models.CharField(max_length=14, choices=_choices(AuthorityKind))
    authority_territory = models.CharField(max_length=CODE_LENGTH)
    # To whom the effect is told.
    contact = models.CharField(max_length=LONGEST_LINE)
    # Whether somebody of the desk has looked whose address that is; and in which language mails go there, empty where nobody knows.
    contact_confirmed = models.BooleanField(default=False)
    spoken = models.CharField(max_length=2, blank=True, default="")
    legal_basis = models.CharField(max_length=LONGEST_TEXT, blank=True)
    reasons = models.TextField(max_length=LONGEST_TEXT, blank=True)
    target = models.TextField(max_length=LONGEST_TEXT, blank=True)
    redress = models.TextField(max_length=LONGEST_TEXT, blank=True)
    language = models.CharField(max_length=2, blank=True)
    # Sorted codes; a claim on the whole world names all it means.
    claimed = models.JSONField(default=list)
    state = models.CharField(max_length=14, choices=_choices(State), default=State.RECEIVED.value)
    # What came of it, as it is counted; it stays when the order is closed.
    outcome = models.CharField(max_length=12, choices=_choices(Outcome), blank=True)
    # Why it was refused or challenged, or by which document it was taken back; who ordered it reads it.
    grounds = models.CharField(max_length=16, blank=True)
    explanation = models.TextField(max_length=LONGEST_TEXT, blank=True)
    received_at = models.BigIntegerField()
    # The leaf of the order in the ledger, and the last one about it.
    leaf = models.BigIntegerField(null=True)
    last_leaf = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_among("state", State), name="order_state_known"),
            models.CheckConstraint(condition=_among("kind", OrderKind), name="order_kind_known"),
            models.CheckConstraint(condition=_among("channel", Channel), name="order_channel_known"),
            models.CheckConstraint(condition=_among("authority_kind", AuthorityKind), name="order_authority_known"),
            models.CheckConstraint(condition=~Q(state=State.REFUSED.value) | ~Q(grounds=""), name="order_refusal_has_grounds"),
        ]
        indexes = [models.Index(fields=["state", "received_at"], name="orders_by_state")]

    def __str__(self) -> str:
        return self.public_id


class Part(StrEnum):
    """What somebody of the staff is in one order."""

    INTAKE = "intake"
    REVIEWER = "reviewer"
    FIRST = "approver1"
    SECOND = "approver2"


class Hand(models.Model):
    """Who had which part in an order: each part once, and nobody two of them (ORD-10)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="hands")
    # As text, so that it stays true when the account is no more.
    account = models.CharField(max_length=40)
    part = models.CharField(max_length=9, choices=_choices(Part))
    at = models.BigIntegerField()
    # When the passkey was asked for that an approval was given with, and where its giver worked.
    shown_at = models.BigIntegerField(null=True)
    work_country = models.CharField(max_length=CODE_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "account"], name="one_part_in_an_order"),
            models.UniqueConstraint(fields=["order", "part"], name="each_part_once"),
            models.CheckConstraint(condition=_among("part", Part), name="hand_part_known"),
            models.CheckConstraint(
                condition=Q(part__in=[Part.INTAKE.value, Part.REVIEWER.value]) | (Q(shown_at__isnull=False) & ~Q(work_country="")),
                name="approval_has_passkey_and_place",
            ),
        ]

    def __str__(self) -> str:
        return self.part


class Review(models.Model):
    """How an order was judged: what it does not say, and how far what it asks may go."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="review")
    missing = models.JSONField(default=list)
    necessity = models.TextField(max_length=LONGEST_TEXT)
    proportionality = models.TextField(max_length=LONGEST_TEXT)
    rights = models.TextField(max_length=LONGEST_TEXT)
    # What the reviewer found whoever ordered it to be and where it is competent, whatever it says of itself; and how they made sure.
    authority_kind = models.CharField(max_length=14, choices=_choices(AuthorityKind), blank=True, default="")
    authority_territory = models.CharField(max_length=CODE_LENGTH, blank=True, default="")
    authority_verified = models.TextField(max_length=LONGEST_TEXT, blank=True, default="")
    at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"review of {self.order_id}"


class Measure(models.Model):
    """What is done because of an order: to those in one territory, on one meeting or else one account, until its end."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=14, choices=_choices(Kind))
    territory = models.CharField(max_length=CODE_LENGTH)
    meeting = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    account = models.CharField(max_length=ID_LENGTH, blank=True, default="")
    starts_at = models.BigIntegerField()
    ends_at = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=_choices(MeasureState), default=MeasureState.DRAFT.value)
    leaf = models.BigIntegerField(null=True)
    cosigned_at = models.BigIntegerField(null=True)
    active_at = models.BigIntegerField(null=True)
    over_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_among("kind", Kind), name="measure_kind_known"),
            models.CheckConstraint(condition=_among("state", MeasureState), name="measure_state_known"),
            models.CheckConstraint(condition=Q(territory__in=sorted(CODES)), name="measure_in_one_territory"),
            models.CheckConstraint(condition=Q(meeting="") ^ Q(account=""), name="measure_on_meeting_or_account"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="measure_ends"),
            models.CheckConstraint(condition=Q(ends_at__lte=F("starts_at") + LONGEST_MS), name="measure_not_for_too_long"),
            models.CheckConstraint(
                condition=~Q(state=MeasureState.ACTIVE.value) | Q(leaf__isnull=False, cosigned_at__isnull=False, active_at__isnull=False),
                name="measure_acts_once_cosigned",
            ),
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="measures_that_end")]

    def __str__(self) -> str:
        return f"{self.kind} {self.territory}"


class Disclosure(models.Model):
    """What is told because of an order: these fields, of those it has rows for, once, until its end (ORD-16 to ORD-19)."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="disclosure")
    territory = models.CharField(max_length=CODE_LENGTH)
    # As the inventory names them, sorted; and what else was asked for, with why it is not told.
    fields = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    made_at = models.BigIntegerField()
    ends_at = models.BigIntegerField()
    # Until when those it is about are not told, and by which law; empty where they are told at once.
    deferred_until = models.BigIntegerField(null=True)
    deferral_basis = models.TextField(max_length=LONGEST_TEXT, blank=True, default="")
    state = models.CharField(max_length=9, choices=_choices(ToldState), default=ToldState.DRAFT.value)
    # The leaf of each field, in their order.
    leaves = models.JSONField(default=list)
    leaf = models.BigIntegerField(null=True)
    cosigned_at = models.BigIntegerField(null=True)
    handed_at = models.BigIntegerField(null=True)
    # Of the archive that was handed out, in hex.
    sha256 = models.CharField(max_length=64, blank=True, default="")
    over_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_among("state", ToldState), name="disclosure_state_known"),
            models.CheckConstraint(condition=Q(territory__in=sorted(CODES)), name="disclosure_in_one_territory"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("made_at"), ends_at__lte=F("made_at") + LONGEST_TOLD_MS), name="disclosure_ends"
            ),
            models.CheckConstraint(
                condition=Q(deferred_until=None)
                | (Q(deferred_until__gt=F("made_at"), deferred_until__lte=F("made_at") + LONGEST_DEFERRED_MS) & ~Q(deferral_basis="")),
                name="disclosure_deferral_ends",
            ),
            models.CheckConstraint(
                condition=Q(handed_at=None)
                | (Q(leaf__isnull=False, cosigned_at__isnull=False, handed_at__lt=F("ends_at")) & ~Q(sha256="")),
                name="disclosure_handed_once_cosigned",
            ),
            models.CheckConstraint(
                condition=~Q(state=ToldState.HANDED.value) | Q(handed_at__isnull=False), name="disclosure_handed_says_when"
            ),
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="disclosures_that_end")]

    def __str__(self) -> str:
        return f"disclosure {self.territory}"

    def handed(self) -> list[str]:
        """Return the fields that were in fact handed out; what was not marked any more by then was left out."""
        left = {one["what"] for one in self.left_out}
        return [field for field in self.fields if field not in left]


class Subject(models.Model):
    """Somebody of whom something is told, and the evidence that they are in the territory; by this number they read the notice."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    disclosure = models.ForeignKey(Disclosure, on_delete=models.PROTECT, related_name="subjects")
    # As text, so that it stays one thing when the account is no more.
    account = models.CharField(max_length=40)
    territory = models.CharField(max_length=CODE_LENGTH)
    country = models.CharField(max_length=CODE_LENGTH)
    database = models.CharField(max_length=64)
    built_at = models.BigIntegerField()
    # When something about them was handed out, and when they were told so.
    given_at = models.BigIntegerField(null=True)
    told_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            # ORD-17: nothing is told of anybody who is not in the order's territory.
            models.CheckConstraint(condition=Q(country=F("territory")) & ~Q(country=""), name="subject_there"),
            models.CheckConstraint(condition=~Q(database=""), name="subject_has_evidence"),
            models.CheckConstraint(condition=Q(told_at=None) | Q(given_at__isnull=False), name="subject_told_of_what_was_given"),
            models.UniqueConstraint(fields=["disclosure", "account"], name="subject_once"),
        ]
        indexes = [models.Index(fields=["account"], name="subjects_by_account")]

    def __str__(self) -> str:
        return self.id


class EffectReport(models.Model):
    """What the authority was told of the effect: counts only, never who."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="report")
    effect = models.CharField(max_length=7, choices=_choices(Effect))
    # Bands; empty while nothing is told.
    denied = models.CharField(max_length=24, blank=True, default="")
    removed = models.CharField(max_length=24, blank=True, default="")
    at = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=_among("effect", Effect), name="effect_known")]

    def __str__(self) -> str:
        return self.effect


class Restoration(models.Model):
    """What a measure did is undone: because of what, by when, and when it was."""

    measure = models.OneToOneField(Measure, on_delete=models.PROTECT, related_name="restoration")
    cause = models.CharField(max_length=9, choices=_choices(Cause))
    due_at = models.BigIntegerField()
    done_at = models.BigIntegerField()
    people = models.PositiveIntegerField()
    leaf = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_among("cause", Cause), name="restoration_cause_known"),
        ]

    def __str__(self) -> str:
        return self.cause


class Glass(models.Model):
    """Somebody of the staff wants to look at logs or addresses: why, at exactly what, and who has agreed (GLASS-1 to GLASS-4)."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    # As text, so that it stays true when the account is no more.
    asker = models.CharField(max_length=40)
    second = models.CharField(max_length=40, blank=True, default="")
    scope = models.CharField(max_length=9, choices=_choices(Scope))
    # The name of a log, the number of an account or of a meeting; of a log, from when until when.
    target = models.CharField(max_length=64)
    since = models.BigIntegerField(null=True)
    until = models.BigIntegerField(null=True)
    reason = models.TextField(max_length=LONGEST_TEXT)
    asked_at = models.BigIntegerField()
    # When the second one agreed, with a passkey that was asked for then; from then on it is open for an hour.
    opened_at = models.BigIntegerField(null=True)
    shown_at = models.BigIntegerField(null=True)
    leaf = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_among("scope", Scope), name="glass_scope_known"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(target=""), name="glass_has_reason_and_target"),
            # GLASS-1: two people, and a passkey and a leaf of the second one's.
            models.CheckConstraint(
                condition=Q(opened_at=None, second="", leaf=None)
                | (Q(opened_at__isnull=False, shown_at__isnull=False, leaf__isnull=False) & ~Q(second="") & ~Q(second=F("asker"))),
                name="glass_opened_by_another",
            ),
            models.CheckConstraint(
                condition=(Q(scope=Scope.LOG.value) & Q(until__gt=F("since"), until__lte=F("since") + LONGEST_RANGE_MS))
                | (~Q(scope=Scope.LOG.value) & Q(since=None, until=None)),
                name="glass_log_has_a_range",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="glass_by_time")]

    def __str__(self) -> str:
        return f"glass {self.scope}"
