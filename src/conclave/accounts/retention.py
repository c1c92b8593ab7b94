"""For how long sessions and links to accounts are kept."""

from django.conf import settings
from django.contrib.sessions.models import Session

from conclave.accounts.models import OwnerLink
from conclave.kernel import clock, retention

ACCESS_LINK_MS = 7 * clock.DAY
# A session says itself when it is over, and opens nothing from then on.
SESSIONS = retention.keeps(
    name="accounts.session",
    ms=settings.SESSION_COOKIE_AGE * clock.SECOND,
    rows=lambda now: Session.objects.filter(expire_date__lte=clock.to_datetime(now)),
)
# The first owner's link has no account, and lasts until it is used.
ACCESS_LINKS = retention.keeps(
    name="accounts.access_link",
    ms=ACCESS_LINK_MS,
    rows=lambda now: OwnerLink.objects.filter(user__isnull=False, created_at__lte=now - ACCESS_LINK_MS),
)
