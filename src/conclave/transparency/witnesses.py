"""Whose word the log needs: the witnesses of conclave.toml, or our own small one; and the policy file that says so (LEDG-6)."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import ConclaveError
from conclave.transparency.identity import OWN_KEY, OWN_SOCKET, log_key, own_witness
from conclave_verify import quorum
from conclave_verify.note import Key, Malformed
from conclave_verify.quorum import Policy

OWN_NAME = "own"
QUORUM = "enough"


class PolicyWrong(ConclaveError):
    """The witnesses cannot be used as they are set."""

    code = "witness_policy"
    status = 503
    message = _("The setting 'witnesses' cannot be used.")


def key() -> Key:
    """Return the log's public key."""
    return log_key(state_dir=Path(settings.CONCLAVE.state_dir), public_url=settings.CONCLAVE.public_url)


def is_independent() -> bool:
    """Tell whether anybody but this server itself cosigns."""
    return bool(settings.CONCLAVE.witness_addresses)


def policy_text() -> str:
    """Return the policy file (C2SP tlog-policy): which log, which witnesses, how many of them.

    Raises:
        PolicyWrong: our own witness was never started, so that it has no key yet.
    """
    config = settings.CONCLAVE
    lines = [f"log {key().vkey} {config.public_url.rstrip('/')}/transparency"]
    if not config.witness_addresses:
        return "\n".join([*lines, f"witness {OWN_NAME} {_own_vkey()}", f"quorum {OWN_NAME}", ""])
    names = [f"w{number}" for number, _ in enumerate(config.witness_addresses, start=1)]
    lines += [f"witness {name} {vkey} {url}" for name, (url, vkey) in zip(names, config.witness_addresses, strict=True)]
    needed = config.witness_quorum or len(names) // 2 + 1
    return "\n".join([*lines, f"group {QUORUM} {needed} {' '.join(names)}", f"quorum {QUORUM}", ""])


def policy() -> Policy:
    """Return the policy that this server itself obeys: the one that it publishes.

    Raises:
        PolicyWrong: a key is damaged or given twice, or our own witness has none yet.
    """
    try:
        return quorum.parse(policy_text().encode())
    except Malformed as error:
        raise PolicyWrong(str(error)) from error


def address(*, witness: quorum.Witness) -> str:
    """Return where a witness is asked: an http or https address, or of our own the file of its socket."""
    return witness.url or str(own_witness(state_dir=Path(settings.CONCLAVE.state_dir)) / OWN_SOCKET)


def _own_vkey() -> str:
    """Return the public key that our own witness has written down."""
    try:
        return (own_witness(state_dir=Path(settings.CONCLAVE.state_dir)) / OWN_KEY).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PolicyWrong(gettext("The ledger's own witness has not started yet.")) from error
