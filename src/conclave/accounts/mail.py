"""The server's own mail: written into the outbox with what it tells of, handed over within seconds, given up after a day.

A link in a mail is a signed text that says what for, whose and until when. It is made when the mail is handed over, so no row has one.
"""

import smtplib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from conclave.kernel import clock, outbox
from conclave.kernel.errors import Refused
from conclave.kernel.ids import new_id

LASTS_MS = clock.DAY
REFUSED_FOR_GOOD = 500
_log = structlog.get_logger("conclave.mail")


class MailLinkUnknown(Refused):
    """The link of a mail was used, is older than a day, or never came from here; which of them is not said."""

    code = "mail_link_unknown"
    status = 403
    message = _("This link was already used, or it is older than a day. Ask for a new one.")


def send(*, to: str, what: str, now: int, facts: Mapping[str, str] | None = None, page: str = "", language: str | None = None) -> None:
    """Let a mail be sent after the current transaction; where the operator set no mail server, do nothing.

    Args:
        to: whom.
        what: which of templates/accounts/mail/.
        now: the time.
        facts: what the text names, and what the link is good for.
        page: the page that the mail's link leads to; none by default.
        language: that of whoever gets it, empty where nobody knows it, for all that there are; by default that of whoever asks.

    Raises:
        RuntimeError: called outside a transaction (a bug).
    """
    if settings.CONCLAVE.mail:
        payload = {
            "id": new_id(),
            "to": to,
            "what": what,
            "facts": dict(facts or {}),
            "page": page,
            "language": (translation.get_language() or settings.LANGUAGE_CODE) if language is None else language,
            "until": now + LASTS_MS,
        }
        outbox.emit(kind="mail", payload=payload, now=now)


@outbox.handles("mail")
def hand_over(payload: dict[str, Any]) -> None:
    """Give one mail to the mail server; the same id again lets others know a double as one."""
    if clock.now() > payload["until"]:
        _log.warning("mail given up", what=payload["what"])
        return
    host = urlsplit(settings.CONCLAVE.public_url).hostname
    context = {**payload["facts"], "server": host, "contact": settings.CONCLAVE.contact, "link": _link(payload)}
    subjects, bodies = list[str](), list[str]()
    for language in [payload["language"]] if payload["language"] else [code for code, _name in settings.LANGUAGES]:
        with translation.override(language):
            subject, _line, body = render_to_string(f"accounts/mail/{payload['what']}.txt", context).strip().partition("\n")
        subjects.append(subject)
        bodies.append(body.strip() + "\n")
    message = EmailMessage(
        " / ".join(subjects), "\n\n".join(bodies), None, [payload["to"]], headers={"Message-ID": f"<{payload['id']}@{host}>"}
    )
    # Programs that answer mail for somebody who is away keep quiet.
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        codes = (
            [code for code, _why in error.recipients.values()] if isinstance(error, smtplib.SMTPRecipientsRefused) else [error.smtp_code]
        )
        if min(codes) < REFUSED_FOR_GOOD:
            raise
        _log.warning("mail refused", what=payload["what"], code=codes[0])


def opened(*, page: str, token: str, now: int) -> dict[str, str]:
    """Return what the link of a mail is good for.

    Args:
        page: the page it was opened on.
        token: the link's last part.
        now: the time.

    Raises:
        MailLinkUnknown: it is not one of ours for this page, or its day is over.
    """
    try:
        said: dict[str, Any] = signing.loads(token, salt=_salt(page))
    except signing.BadSignature:
        raise MailLinkUnknown from None
    if now > said["until"]:
        raise MailLinkUnknown
    return dict(said["facts"])


def _link(payload: dict[str, Any]) -> str:
    """Return the mail's link, empty when it has none."""
    page = payload["page"]
    if not page:
        return ""
    token = signing.dumps({"facts": payload["facts"], "until": payload["until"]}, salt=_salt(page))
    return settings.CONCLAVE.public_url.rstrip("/") + reverse(page, args=[token])


def _salt(page: str) -> str:
    """Return what keeps a link for one page from being one for another."""
    return f"conclave/mail/1/{page}"
