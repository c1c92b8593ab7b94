"""Tables of the delivery service: one group per incarnation of a call, its log, its leases, who sits in it, what was said.

They hold plain ids (call, meeting, participant) and ciphertext; nothing here can open what people say.
"""

from django.db import models

ID_LENGTH = 22
# Columns of Group that are read only when its tree is opened anew.
LARGE = ("group_info", "tree", "returning")


class Group(models.Model):
    """One incarnation of a call's MLS group: where its log stands and which deadline comes next (docs/protocol/delivery.md)."""

    class State(models.TextChoices):
        """The life of an incarnation."""

        CREATING = "creating"
        OPEN = "open"
        ENDED = "ended"

    call = models.CharField(max_length=ID_LENGTH)
    meeting = models.CharField(max_length=ID_LENGTH)
    incarnation = models.CharField(max_length=ID_LENGTH, unique=True)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.CREATING)
    ended_because = models.CharField(max_length=16, blank=True)
    creator = models.CharField(max_length=ID_LENGTH)
    group_info = models.TextField(blank=True)
    tree = models.TextField(blank=True)
    # Signature keys of who was in the incarnation before when it ended: they may come back into a closed one (POL-8).
    returning = models.JSONField(default=list, blank=True)

    epoch = models.BigIntegerField(default=0)
    acked = models.BigIntegerField(default=0)
    log_next = models.BigIntegerField(default=0)
    said_next = models.BigIntegerField(default=0)
    announced = models.BigIntegerField(default=-1)
    spent = models.BigIntegerField(default=-1)
    members = models.PositiveIntegerField(default=0)
    # What somebody without a leaf may (POL-19); null until a group has said so.
    newcomer = models.JSONField(null=True, blank=True)
    locked = models.BooleanField(default=False)
    strict = models.BooleanField(default=False)
    # Leaf keys that the policy of the live epoch lists as hosts'.
    hosts = models.JSONField(default=list, blank=True)
    wished = models.BooleanField(default=False)
    keeper = models.CharField(max_length=ID_LENGTH, blank=True)
    quarantined = models.CharField(max_length=ID_LENGTH, blank=True)

    create_until = models.BigIntegerField(null=True)
    rekey_at = models.BigIntegerField(null=True)
    batch_at = models.BigIntegerField(null=True)
    next_lease_at = models.BigIntegerField(null=True)
    stuck_at = models.BigIntegerField(null=True)
    orphaned_at = models.BigIntegerField(null=True)
    due_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call"], condition=~models.Q(state="ended"), name="keys_group_one_live"),
            models.UniqueConstraint(fields=["call", "number"], name="keys_group_number"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="keys_group_due")]

    def __str__(self) -> str:
        return f"{self.call}.{self.incarnation}"


class LogEntry(models.Model):
    """One entry of an incarnation's log: an announcement or an accepted commit, as the JSON text that members get."""

    class Kind(models.TextChoices):
        """What an entry says."""

        ADD = "add"
        REMOVE = "remove"
        COMMIT = "commit"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="entries")
    index = models.BigIntegerField()
    kind = models.CharField(max_length=6, choices=Kind.choices)
    participant = models.CharField(max_length=ID_LENGTH)
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "index"], name="keys_log_once")]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class Seat(models.Model):
    """One participant's place at the meeting socket and in the group; rows are in order of arrival."""

    class Wish(models.TextChoices):
        """What a host asked to commit beside the log."""

        NOTHING = ""
        POLICY = "policy"
        ALONE = "alone"

    call = models.CharField(max_length=ID_LENGTH)
    meeting = models.CharField(max_length=ID_LENGTH)
    participant = models.CharField(max_length=ID_LENGTH, unique=True)
    signature_key = models.CharField(max_length=64)
    socket = models.CharField(max_length=ID_LENGTH, blank=True)
    gateway = models.CharField(max_length=ID_LENGTH, blank=True)
    lost_until = models.BigIntegerField(null=True)
    gone = models.CharField(max_length=16, blank=True)

    group = models.ForeignKey(Group, on_delete=models.SET_NULL, null=True, related_name="seats")
    leaf = models.BooleanField(default=False)
    joined_epoch = models.BigIntegerField(default=0)
    acked_epoch = models.BigIntegerField(default=-1)
    added = models.BigIntegerField(default=-1)
    removed = models.BigIntegerField(default=-1)
    dropped = models.PositiveSmallIntegerField(default=0)
    # What the leaf may (POL-18); null before its first one. An incarnation that follows has the same policy (LOG-12).
    may = models.JSONField(null=True, blank=True)
    wish = models.CharField(max_length=6, choices=Wish.choices, blank=True, default=Wish.NOTHING)

    class Meta:
        indexes = [
            models.Index(fields=["call"], name="keys_seat_call"),
            models.Index(fields=["group", "leaf"], name="keys_seat_leaf"),
            models.Index(fields=["lost_until"], condition=models.Q(lost_until__isnull=False), name="keys_seat_lost"),
            models.Index(fields=["gateway"], condition=~models.Q(gateway=""), name="keys_seat_gateway"),
        ]

    def __str__(self) -> str:
        return self.participant


class Held(models.Model):
    """Somebody's announcement that waits for a host's word, while the group is strict (KNOCK-8)."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="held")
    participant = models.CharField(max_length=ID_LENGTH)
    reference = models.CharField(max_length=43)
    key_package = models.TextField()
    mac = models.CharField(max_length=43)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "participant"], name="keys_held_once")]

    def __str__(self) -> str:
        return self.participant


class Gateway(models.Model):
    """One running gateway process; when it is silent for long, its sockets count as lost."""

    name = models.CharField(max_length=ID_LENGTH, unique=True)
    seen_at = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """The permission of one member to commit one epoch; several may stand, compare-and-set decides (LOG-8)."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="leases")
    epoch = models.BigIntegerField()
    lease = models.CharField(max_length=ID_LENGTH)
    holder = models.CharField(max_length=ID_LENGTH)
    covers = models.BigIntegerField()
    policy = models.BooleanField(default=False)
    given_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "epoch", "holder"], name="keys_lease_once")]

    def __str__(self) -> str:
        return f"{self.lease} for epoch {self.epoch}"


class Welcome(models.Model):
    """A joiner's own part of a commit, kept until the joiner acknowledges the epoch."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="welcomes")
    participant = models.CharField(max_length=ID_LENGTH)
    index = models.BigIntegerField()
    covers = models.BigIntegerField()
    epoch = models.BigIntegerField()
    said = models.BigIntegerField()
    body = models.TextField()
    tree = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "participant"], name="keys_welcome_once")]

    def __str__(self) -> str:
        return f"{self.participant} at {self.index}"


class Tree(models.Model):
    """A public ratchet tree that joiners of a recent epoch fetch by its SHA-256."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="trees")
    epoch = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "epoch"], name="keys_tree_once")]
        indexes = [models.Index(fields=["hash"], name="keys_tree_hash")]

    def __str__(self) -> str:
        return self.hash


class Nack(models.Model):
    """A member's word that it could not apply a commit."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="nacks")
    index = models.BigIntegerField()
    participant = models.CharField(max_length=ID_LENGTH)
    code = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "index", "participant"], name="keys_nack_once")]

    def __str__(self) -> str:
        return f"{self.participant} at {self.index}: {self.code}"


class Said(models.Model):
    """One application message: ciphertext, who sent it by the gateway's account, and its franking tag."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="said")
    index = models.BigIntegerField()
    participant = models.CharField(max_length=ID_LENGTH)
    message = models.TextField()
    received = models.BigIntegerField()
    kid = models.CharField(max_length=16)
    tag = models.CharField(max_length=43)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "index"], name="keys_said_once")]

    def __str__(self) -> str:
        return f"{self.index} by {self.participant}"
