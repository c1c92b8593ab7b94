"""The table of restrictions: one row says who may not do what, where, from when until when, because of what."""

from django.db import models

from conclave.gate.policy import Cause, Scope, Subject, What


def _choices(kinds: type[Subject] | type[Scope] | type[What] | type[Cause]) -> list[tuple[str, str]]:
    """Return an enumeration as Django's choices."""
    return [(kind.value, kind.value) for kind in kinds]


class Restriction(models.Model):
    """One restriction; `subject` and `scope` are ids as text, so that this table knows no other domain."""

    subject_kind = models.CharField(max_length=12, choices=_choices(Subject))
    subject = models.CharField(max_length=64)
    scope_kind = models.CharField(max_length=12, choices=_choices(Scope))
    scope = models.CharField(max_length=64, blank=True)
    what = models.CharField(max_length=8, choices=_choices(What))
    starts_at = models.BigIntegerField()
    ends_at = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=32, choices=_choices(Cause))
    notice = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject", "scope_kind", "scope", "what", "cause"],
                condition=models.Q(ends_at=None),
                name="gate_restriction_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")), name="gate_restriction_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["scope_kind", "scope"], name="gate_restriction_scope")]

    def __str__(self) -> str:
        return f"{self.what} in {self.scope_kind}: {self.cause}"
