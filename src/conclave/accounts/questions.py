"""What is asked of an organisation's provider, and what its answer says, whichever protocol it speaks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.signing import BadSignature, dumps, loads

from conclave.accounts import oidc, saml
from conclave.accounts.models import IdentityProvider, Speaks
from conclave.accounts.oidc import Fault, Faulty, Said
from conclave.accounts.provider import client_of, description_of, saml_place, web
from conclave.accounts.sealed import seal, unseal

ARRIVAL = "sso-arrival"
# From the provider's page to ours, by way of the browser.
LASTS_S = 60


class OtherQuestion(Exception):
    """An answer to another question, by another provider, or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser brought back, as it stood in the address."""

    code: str
    error: str
    issuer: str | None
    # What posted() made of an answer by SAML.
    arrival: str = ""


def ask(*, row: IdentityProvider, hint: str, now: int, again: bool = False) -> tuple[str, dict[str, Any]]:
    """Return where the browser goes, and what is kept of the question: its `state`, and what the answer is compared with.

    Args:
        row: the provider.
        hint: the address that was typed; may be empty.
        now: the time.
        again: whether they are to show there anew who they are (SSO-15).

    Raises:
        Faulty: the provider does not answer, or not as one does.
    """
    if row.kind == Speaks.SAML:
        there = description_of(row=row)
        if not oidc.is_usable(url=there.endpoint, web=web()):
            raise Faulty(Fault.ADDRESS)
        here = saml.Service(name=saml_place(organisation=row.organisation_id), place=saml_place(organisation=row.organisation_id))
        asked = {"state": saml.new_id(), "id": saml.new_id()}
        return saml.address_to_ask(there=there, here=here, question=asked["id"], state=asked["state"], now=now, again=again), asked
    client = client_of(row=row)
    question = oidc.question(endpoints=oidc.discover(issuer=client.issuer, web=web(organisation=row.organisation_id)))
    return oidc.address_to_ask(client=client, asked=question, hint=hint, again=again), question.kept()


def posted(*, organisation: str, answer: str, now: int) -> str:
    """Return what an answer by SAML says, sealed, for the page to which the browser is led on.

    It is posted by the provider's page, so the browser sends no session of ours along; whose question it answers is asked there.

    Args:
        organisation: to whose address it was posted.
        answer: in base64, as posted.
        now: the time.
    """
    row = IdentityProvider.objects.filter(organisation=organisation, kind=Speaks.SAML).first()
    # Whether there is such a provider is told to nobody here.
    there = saml.Description(issuer="", endpoint="", certificates=()) if row is None else description_of(row=row)
    place, said = saml_place(organisation=organisation), dict[str, Any](organisation=organisation)
    try:
        came = saml.shown(answer=answer, there=there, here=saml.Service(name=place, place=place), now=now)
        said |= {"answers": came.answers, "said": asdict(came.said)}
    except Faulty as error:
        said["fault"] = error.fault.value
    return seal(kind=ARRIVAL, text=dumps(said))


def answered(*, row: IdentityProvider, question: Mapping[str, Any], answer: Answer, now: int) -> Said | None:
    """Return what the provider says of whoever came back; None when it let nobody in.

    Args:
        row: the provider that was asked.
        question: as ask() returned it.
        answer: what the browser brought.
        now: the time.

    Raises:
        OtherQuestion: it answers another question, or names another provider.
        Faulty: it says nothing that can be believed.
    """
    if row.kind == Speaks.SAML:
        return _arrived(organisation=row.organisation_id, question=question, answer=answer)
    client, asked = client_of(row=row), oidc.remembered(kept=question)
    if oidc.names_another(client=client, asked=asked, issuer=answer.issuer):
        raise OtherQuestion
    if answer.error or not answer.code:
        return None
    return oidc.redeem(client=client, asked=asked, code=answer.code, web=web(organisation=row.organisation_id), now=now)


def _arrived(*, organisation: str, question: Mapping[str, Any], answer: Answer) -> Said | None:
    """Return what posted() sealed, if it answers this question."""
    try:
        said = loads(unseal(kind=ARRIVAL, text=answer.arrival), max_age=LASTS_S)
    except (InvalidToken, BadSignature, ValueError):
        raise OtherQuestion from None
    if said["organisation"] != organisation:
        raise OtherQuestion
    if "fault" in said:
        if said["fault"] == Fault.DENIED:
            return None
        raise Faulty(Fault(said["fault"]))
    if said["answers"] != question["id"]:
        raise OtherQuestion
    return Said(**said["said"])
