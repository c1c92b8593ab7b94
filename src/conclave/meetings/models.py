"""The tables of meetings: the durable thing with a link, its calls, and the seats people have in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from conclave.gate.policy import Waiting, Who, Why
from conclave.kernel.ids import ID_LENGTH
from conclave.kernel.territories import CODE_LENGTH
from conclave.media.policy import Picture

KEY_LENGTH = 43  # 32 bytes as b64
SIGNATURE_LENGTH = 86  # 64 bytes as b64
HASH_LENGTH = 64  # SHA-256 in hex


def choices(kinds: type[Who] | type[Waiting] | type[Why]) -> list[tuple[str, str]]:
    """Return an enumeration of the gate as Django's choices."""
    return [(kind.value, kind.value) for kind in kinds]


class Role(models.TextChoices):
    """What a person is in a call, for display; power comes from the group's policy (JOIN-4)."""

    HOST = "host", "host"
    GUEST = "guest", "guest"


class Gone(models.TextChoices):
    """Why a seat is over; JOIN-8 tells the client the same words where it has one."""

    LEFT = "left", "left"
    LOST = "lost", "lost"
    REMOVED = "removed", "removed"
    ENDED = "ended", "ended"
    ORDERED = "ordered", "ordered"


class Ended(models.TextChoices):
    """Why a call is over."""

    EMPTY = "empty", "empty"
    BY_HOST = "by_host", "by_host"
    DELETED = "deleted", "deleted"
    REGION = "region", "region"


class Meeting(models.Model):
    """A meeting; its link's secret and its host key exist in browsers only."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    # Nobody owns a meet-now meeting: whoever holds its host link rules it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    # Under whose policy it is (ruled.py); nobody's but its owner's without one. It leaves when its owner does.
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.SET_NULL, related_name="+")
    # What it says itself where that policy lets it.
    own_rules = models.JSONField(default=dict)
    kept_days = models.BigIntegerField(null=True)
    title = models.CharField(max_length=120, blank=True)
    link_id = models.CharField(max_length=ID_LENGTH)
    link_version = models.PositiveIntegerField(default=1)
    # When its link was replaced last; not yet where there is nothing.
    link_since = models.BigIntegerField(null=True)
    # When a call first ended under its present link, which calls that are deleted cannot tell (ruled.py); once they would have been, no
    # more than that one did: the time of the link itself.
    link_used_at = models.BigIntegerField(null=True)
    host_hash = models.CharField(max_length=ID_LENGTH)
    created_at = models.BigIntegerField()
    deleted_at = models.BigIntegerField(null=True)
    # Who comes in and how (entrance.py). The defaults are how meetings were before there were settings: open.
    preset = models.CharField(max_length=12, default="open")
    who = models.CharField(max_length=9, choices=choices(Who), default=Who.LINK)
    waiting = models.CharField(max_length=9, choices=choices(Waiting), default=Waiting.NOBODY)
    passcode_hash = models.CharField(max_length=128, blank=True, default="")
    before_host = models.BooleanField(default=True)
    capacity = models.PositiveIntegerField(null=True)
    # Counts every change of a knock, so that each gateway reads only what is new.
    knocks = models.BigIntegerField(default=0)
    # When it is planned (schedule.py): the time on the wall of a zone, from which all instants below follow. Empty for no plan.
    plan_start = models.CharField(max_length=16, blank=True, default="")
    plan_zone = models.CharField(max_length=64, blank=True, default="")
    plan_minutes = models.PositiveSmallIntegerField(default=0)
    plan_rule = models.CharField(max_length=100, blank=True, default="")
    # The times of a series that are called off, by what stands on the wall.
    plan_off = models.TextField(blank=True, default="")
    # Grows with whatever a calendar file says, so that calendars know the newer one; never goes back.
    plan_sequence = models.PositiveIntegerField(default=0)
    # The next time that is not over, when it is (and the one after it comes up), and the last one that is, planned or held.
    next_at = models.BigIntegerField(null=True)
    turn_at = models.BigIntegerField(null=True)
    past_at = models.BigIntegerField(null=True)
    # The title as searches compare it (accounts.finding), each word after a space.
    title_key = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(next_at=None, turn_at=None) | Q(next_at__isnull=False, turn_at__isnull=False), name="meetings_next_has_turn"
            )
        ]
        indexes = [
            # What an owner's lists are sorted by, a page at a time (lists.py).
            models.Index(fields=["owner", "-created_at", "id"], condition=Q(deleted_at=None), name="meetings_mine"),
            models.Index(fields=["owner", "next_at", "id"], condition=Q(deleted_at=None, next_at__isnull=False), name="meetings_upcoming"),
            models.Index(fields=["owner", "-past_at", "id"], condition=Q(deleted_at=None, past_at__isnull=False), name="meetings_past"),
            # And what those of an organisation are, for who may see that there are any.
            models.Index(
                fields=["organisation", "-created_at", "id"],
                condition=Q(deleted_at=None, organisation__isnull=False),
                name="meetings_house",
            ),
            models.Index(
                fields=["organisation", "-past_at", "id"],
                condition=Q(deleted_at=None, organisation__isnull=False, past_at__isnull=False),
                name="meetings_house_past",
            ),
            models.Index(fields=["turn_at"], condition=Q(turn_at__isnull=False), name="meetings_turns"),
        ]

    def __str__(self) -> str:
        return self.id


class Call(models.Model):
    """One live run of a meeting, with one MLS group and one media room."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="calls")
    region = models.CharField(max_length=32)
    # Where it has been held and by which lists, oldest first (route.py); until when it may look for a place elsewhere, when it must leave.
    route = models.JSONField(default=list)
    drain_by = models.BigIntegerField(null=True)
    started_at = models.BigIntegerField()
    ended_at = models.BigIntegerField(null=True)
    end_reason = models.CharField(max_length=8, choices=Ended.choices, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting"], condition=Q(ended_at=None), name="meetings_one_live_call")]

    def __str__(self) -> str:
        return self.id


class Participant(models.Model):
    """One seat in a call. Once the call is over, nothing here names or links a person."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="participants")
    name = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=5, choices=Role.choices)
    signature_key = models.CharField(max_length=KEY_LENGTH, blank=True)
    # A random pseudonym that the device keeps for this meeting alone.
    device = models.CharField(max_length=KEY_LENGTH, blank=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # What others in this meeting know the account by; elsewhere it has another.
    pseudonym = models.CharField(max_length=ID_LENGTH, blank=True)
    seat_hash = models.CharField(max_length=HASH_LENGTH)
    # The secret before the last replacement: its holder is told "joined elsewhere" and may take the seat back.
    former_seat_hash = models.CharField(max_length=HASH_LENGTH, blank=True)
    generation = models.PositiveIntegerField(default=1)
    joined_at = models.BigIntegerField()
    # Until when the first hello is awaited; from then on keys/ watches over the socket.
    awaited_until = models.BigIntegerField(null=True)
    left_at = models.BigIntegerField(null=True)
    gone_reason = models.CharField(max_length=7, choices=Gone.choices, blank=True)
    # The invitation that they came in by; in a call it is worth one person.
    invitation = models.CharField(max_length=ID_LENGTH, blank=True)
    # Which link the ticket was for: who holds a former one by now is told so.
    link_version = models.PositiveIntegerField(default=1)
    # Whether they came with full picture, with less, or with sound alone, because their region was full (REG-3).
    picture = models.CharField(max_length=5, default=Picture.FULL)
    # The participant who asked for this removal, and whether it holds for the whole meeting.
    removed_by = models.CharField(max_length=ID_LENGTH, blank=True)
    banned = models.BooleanField(default=False)
    # Where they were when they came (gate/geo.py): a country that two databases agree on, or nothing; never the address.
    country = models.CharField(max_length=CODE_LENGTH, blank=True, default="")
    geo_confidence = models.CharField(max_length=4, blank=True, default="")
    geo_database = models.CharField(max_length=HASH_LENGTH, blank=True, default="")
    geo_built_at = models.BigIntegerField(default=0)
    # What they may read about the order that took them out.
    notice = models.CharField(max_length=ID_LENGTH, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "signature_key"], condition=Q(left_at=None), name="meetings_one_seat_per_key"),
            models.CheckConstraint(
                condition=Q(left_at=None, gone_reason="") | (Q(left_at__isnull=False) & ~Q(gone_reason="")), name="meetings_gone_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["awaited_until"], condition=Q(left_at=None), name="meetings_awaited"),
            # Whom a measure might meet (enforce.py).
            models.Index(fields=["country"], condition=Q(left_at=None) & ~Q(country=""), name="meetings_there"),
            models.Index(fields=["invitation"], condition=Q(left_at=None) & ~Q(invitation=""), name="meetings_invited_seats"),
        ]

    def __str__(self) -> str:
        return self.id


class InLine(models.Model):
    """Somebody who waits for a place in a region that is full, until they have one or ask no more (line.py)."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=KEY_LENGTH)
    region = models.CharField(max_length=32)
    since = models.BigIntegerField()
    until = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "device"], name="meetings_in_line_once")]
        indexes = [
            models.Index(fields=["region", "since"], name="meetings_line"),
            models.Index(fields=["until"], name="meetings_line_until"),
        ]

    def __str__(self) -> str:
        return self.id


class RegionRefusal(models.Model):
    """How many joins of a day were refused because of where calls may be held (turned.py), until the ledger says so."""

    day = models.CharField(max_length=10)
    reason = models.CharField(max_length=8)
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "reason"], name="meetings_refused_once_a_day")]

    def __str__(self) -> str:
        return f"{self.reason} on {self.day}"


class FormerLink(models.Model):
    """A link that a meeting had: it still knocks, and enters no more (LINK-6)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="former_links")
    link_id = models.CharField(max_length=ID_LENGTH)
    link_version = models.PositiveIntegerField()
    replaced_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "link_id"], name="meetings_former_link_once")]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.link_version}"


class Invitation(models.Model):
    """A personal invitation to a meeting, by its hash: for whom, until when, whether it was taken back, and when it was last used."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=KEY_LENGTH, unique=True)
    whom = models.CharField(max_length=100)
    # The same in lower case, where it is an e-mail address.
    address = models.CharField(max_length=100, blank=True)
    made_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    revoked_at = models.BigIntegerField(null=True)
    used_at = models.BigIntegerField(null=True)
    # When the row goes.
    forget_at = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["meeting", "-made_at"], name="meetings_invitations"),
            models.Index(fields=["forget_at"], name="meetings_invitations_over"),
        ]

    def __str__(self) -> str:
        return self.id


class Ban(models.Model):
    """Whom a host banned from a meeting or blocked at its door, by the name that they had; gate's rows say what that forbids, with this id
    as their notice.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="bans")
    name = models.CharField(max_length=64)
    by = models.CharField(max_length=64)
    signed_in = models.BooleanField()
    since = models.BigIntegerField()
    # Refused at the door for good (KNOCK-5), and never inside.
    blocked = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["meeting", "-since"], name="meetings_bans")]

    def __str__(self) -> str:
        return self.id


class Knock(models.Model):
    """Somebody at the door of a meeting, until a host has answered and they have come in; then the row is gone."""

    class State(models.TextChoices):
        """Where a knock stands; `over` is kept for a while, so that whoever shows it takes it off."""

        WAITING = "waiting", "waiting"
        ADMITTED = "admitted", "admitted"
        REFUSED = "refused", "refused"
        OVER = "over", "over"

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="+")
    secret_hash = models.CharField(max_length=HASH_LENGTH)
    name = models.CharField(max_length=64, blank=True)
    signature_key = models.CharField(max_length=KEY_LENGTH, blank=True)
    device = models.CharField(max_length=KEY_LENGTH, blank=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    seal_key = models.CharField(max_length=KEY_LENGTH, blank=True)
    seal_signature = models.CharField(max_length=SIGNATURE_LENGTH, blank=True)
    why = models.CharField(max_length=12, choices=choices(Why))
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # A new link's secret, sealed to seal_key by the host who answered.
    sealed = models.TextField(blank=True)
    blocked = models.BooleanField(default=False)
    again_at = models.BigIntegerField(null=True)
    # Its place among all changes of this meeting's knocks.
    version = models.BigIntegerField()
    made_at = models.BigIntegerField()
    # The socket that waits; until when another is awaited, an answer is good, or the row is kept.
    socket = models.CharField(max_length=ID_LENGTH, blank=True)
    until = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["meeting", "version"], name="meetings_knock_news"),
            models.Index(fields=["until"], condition=Q(until__isnull=False), name="meetings_knock_until"),
        ]

    def __str__(self) -> str:
        return self.id


class NowToken(models.Model):
    """The one outstanding meet-now token, by its hash; it is gone once used."""

    token_hash = models.CharField(primary_key=True, max_length=HASH_LENGTH)
    created_at = models.BigIntegerField()

    def __str__(self) -> str:
        return "meet-now token"
