"""What an account is called inside one meeting."""

from django.utils.crypto import salted_hmac

from conclave.kernel import b64
from conclave.kernel.ids import ID_BYTES, MeetingId, UserId


def pseudonym(*, account: UserId, meeting: MeetingId) -> str:
    """Return an account's name in one meeting; without this server's secret it cannot be linked to another meeting's.

    Args:
        account: the account's id.
        meeting: the meeting's id.

    Returns:
        16 bytes as b64.
    """
    return b64.encode(salted_hmac("conclave/account-pseudonym/1", f"{meeting}.{account}", algorithm="sha256").digest()[:ID_BYTES])
