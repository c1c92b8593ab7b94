"""The outbox's table."""

from django.db import models


class OutboxEvent(models.Model):
    """Something to be done outside the database after the transaction that decided it, at least once."""

    kind = models.CharField(max_length=64)
    payload = models.JSONField()
    created_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
