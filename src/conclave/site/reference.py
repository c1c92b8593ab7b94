"""What programs can ask this server, in words: made of the API's own schema, so that it says neither more nor less."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from conclave.accounts.bearer import NotSignedIn, TokenNotHere, TokenScope
from conclave.accounts.scopes import REACH
from conclave.accounts.standing import OrganisationUnknown
from conclave.accounts.tokens import TokenInvalid
from conclave.kernel.errors import ConclaveError, Malformed, TooOften
from conclave.meetings.api import api
from conclave.meetings.queries import MeetingUnknown

# Whatever else an endpoint refuses has its own code; these every program meets.
REFUSALS: tuple[type[ConclaveError], ...] = (
    TokenInvalid, TokenScope, TokenNotHere, NotSignedIn, TooOften, Malformed, MeetingUnknown, OrganisationUnknown,
)  # fmt: skip
KINDS = {
    "string": _("text"),
    "integer": _("whole number"),
    "boolean": _("true or false"),
    "null": _("null"),
}
# What the schema says of its texts in one place for all.
DESCRIPTIONS = (
    _("16 bytes as b64"),
    _("32 bytes as b64"),
    _("0 for as many as the server has room for"),
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a body, an address or an answer; `name` leads to it through what it is inside of."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One thing that can be asked."""

    method: str
    path: str
    summary: str
    # Empty where any token will do, None where none does.
    scope: str | None
    query: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One way in which something is refused."""

    status: int
    code: str
    message: str


@cache
def schema() -> Json:
    """Return the OpenAPI document, as /api/v1/openapi.json answers it."""
    return dict(api.get_openapi_schema())


def endpoints() -> list[Endpoint]:
    """Return everything that can be asked, in the reader's language; what takes tokens first."""
    found = [_endpoint(path, method, told) for path, methods in schema()["paths"].items() for method, told in methods.items()]
    return sorted(found, key=lambda one: (one.scope is None, one.path, one.method))


def scopes() -> list[tuple[str, str]]:
    """Return every scope with what it means, in the reader's language."""
    return [(scope.value, str(reach.label)) for scope, reach in REACH.items()]


def refusals() -> list[Refusal]:
    """Return the refusals that every program meets, in the reader's language."""
    return [Refusal(status=error.status, code=error.code, message=str(error.message)) for error in REFUSALS]


def _endpoint(path: str, method: str, told: Json) -> Endpoint:
    """Return one endpoint in words."""
    answers = [answer for status, answer in told["responses"].items() if int(status) < 300]
    query = (
        Field(name=one["name"], kind=_kind(one["schema"]), required=one["required"]) for one in told["parameters"] if one["in"] == "query"
    )
    return Endpoint(
        method=method.upper(),
        path=path,
        summary=gettext(told["summary"]),
        scope=told.get("x-scope"),
        query=tuple(query),
        body=tuple(_fields(_content(told.get("requestBody", {})))),
        answer=tuple(field for answer in answers for field in _fields(_content(answer))),
    )


def _content(told: Json) -> Json:
    """Return the schema of a body; empty where there is none."""
    content: Json = told.get("content", {}).get("application/json", {}).get("schema", {})
    return content


def _fields(told: Json, before: str = "") -> Iterator[Field]:
    """Yield the keys of an object, those of objects inside it after it."""
    told = _resolved(told)
    for name, value in told.get("properties", {}).items():
        inner, end = _resolved(value), ""
        if inner.get("type") == "array":
            inner, end = _resolved(inner["items"]), "[]"
        if "properties" in inner:
            yield from _fields(inner, f"{before}{name}{end}.")
        else:
            yield Field(name=f"{before}{name}{end}", kind=_kind(inner), required=name in told.get("required", []))


def _resolved(told: Json) -> Json:
    """Return what a reference stands for; of a choice with null, the other one, called nullable."""
    # With a default, a reference stands alone inside allOf.
    told = told["allOf"][0] if "allOf" in told else told
    named = [one for one in told.get("anyOf", []) if one.get("type") != "null"]
    if len(named) == 1:
        told = {**named[0], "nullable": True}
    if "$ref" in told:
        found: Json = schema()["components"]["schemas"][told["$ref"].rpartition("/")[2]]
        return {**found, **({"nullable": True} if told.get("nullable") else {})}
    return told


def _kind(told: Json) -> str:
    """Return what may stand there, in the reader's language."""
    told = _resolved(told)
    words = [str(one) for one in told["enum"]] if "enum" in told else [gettext(KINDS[told.get("type", "string")])]
    if "const" in told:
        words = [str(told["const"])]
    said = " | ".join(words)
    if told.get("description") in DESCRIPTIONS:
        said += f", {gettext(told['description'])}"
    return f"{said} | null" if told.get("nullable") else said
