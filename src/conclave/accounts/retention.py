"""For how long sessions, devices, links to accounts, invitations, tokens and questions for passkeys are kept."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from conclave.accounts.invite import KEPT_MS
from conclave.accounts.models import OrganisationInvitation, OwnerLink, PasskeyAsk
from conclave.accounts.staff_policy import FRESH_MS
from conclave.accounts.tokens import KEPT_MS as TOKEN_KEPT_MS
from conclave.accounts.tokens import over
from conclave.kernel import clock, retention

ACCESS_LINK_MS = 7 * clock.DAY
# A session says itself when it is over, and opens nothing from then on.
SESSIONS = retention.keeps(
    name="accounts.session",
    ms=settings.SESSION_COOKIE_AGE * clock.SECOND,
    rows=lambda now: Session.objects.filter(expire_date__lte=clock.to_datetime(now)),
)
# No session outlives its device's last use by more than its own age.
DEVICES = retention.keeps(
    name="accounts.device",
    ms=SESSIONS.ms,
    rows=lambda now: UserSession.objects.filter(last_seen_at__lte=clock.to_datetime(now - SESSIONS.ms)),
)
ORGANISATION_INVITATIONS = retention.keeps(
    name="accounts.organisation_invitation",
    ms=KEPT_MS,
    rows=lambda now: OrganisationInvitation.objects.filter(expires_at__lte=now - KEPT_MS),
)
TOKENS = retention.keeps(name="accounts.token", ms=TOKEN_KEPT_MS, rows=over)
# The first owner's link has no account, and lasts until it is used.
ACCESS_LINKS = retention.keeps(
    name="accounts.access_link",
    ms=ACCESS_LINK_MS,
    rows=lambda now: OwnerLink.objects.filter(user__isnull=False, created_at__lte=now - ACCESS_LINK_MS),
)
PASSKEY_ASKS = retention.keeps(
    name="accounts.passkey_ask",
    ms=FRESH_MS,
    rows=lambda now: PasskeyAsk.objects.filter(asked_at__lt=now - FRESH_MS),
)
