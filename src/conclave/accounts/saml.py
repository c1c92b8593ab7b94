"""SAML 2.0 as a service of one provider: where to send the browser, and what its answer proves (SSO-10). Knows no table.

An answer is XML that somebody's browser brought. Nothing is read out of it but what is inside the one element that a key of the provider's
signed, as the verifier gives it back; whatever else stands around it is refused or not looked at.
"""

import base64
import re
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from conclave.accounts.addresses import normal_address
from conclave.accounts.names import shown_line
from conclave.accounts.oidc import LONGEST_ISSUER, LONGEST_SUBJECT, Fault, Faulty, Said
from conclave.kernel import clock

MOST_BYTES = 128 * 1024
MOST_CERTIFICATES = 5
LEEWAY_MS = clock.MINUTE
NS = {
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
    "m": "urn:oasis:names:tc:SAML:2.0:metadata",
    "s": "http://www.w3.org/2000/09/xmldsig#",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
# Names that last no longer than the visit, and addresses, which may be given to somebody else: neither says who somebody is (SSO-1).
NO_SUBJECT = {
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
}
ADDRESS = ("email", "mail", "urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress")
NAME = ("displayName", "name", "urn:oid:2.16.840.1.113730.3.1.241", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")
SIGNED_BY = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset(
        {
            *(SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512),
            *(SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512),
        }
    ),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A provider as its metadata describes it."""

    issuer: str
    endpoint: str
    # DER as base64, in one line each.
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """This server as the provider knows it: what it is called, and where answers are posted to."""

    name: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Whom a verified answer shows, and to which question."""

    said: Said
    answers: str


def described(*, text: str) -> Description:
    """Return what a provider's metadata say of it.

    Args:
        text: the XML, as the provider gives it.

    Raises:
        Faulty: it describes none that can be used.
    """
    root = _parsed(text.encode(), Fault.DISCOVERY)
    if root.tag != f"{{{NS['m']}}}EntityDescriptor":
        raise Faulty(Fault.DISCOVERY)
    issuer = root.get("entityID", "")
    places = root.xpath("m:IDPSSODescriptor/m:SingleSignOnService[@Binding=$binding]/@Location", namespaces=NS, binding=REDIRECT)
    keys = root.xpath("m:IDPSSODescriptor/m:KeyDescriptor[not(@use) or @use='signing']//s:X509Certificate", namespaces=NS)
    certificates = tuple(dict.fromkeys("".join("".join(key.itertext()).split()) for key in keys))
    if not 0 < len(issuer) <= LONGEST_ISSUER or len(places) != 1 or not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise Faulty(Fault.DISCOVERY)
    try:
        for one in certificates:
            _certificate(one)
    except ValueError:
        raise Faulty(Fault.DISCOVERY) from None
    return Description(issuer=issuer, endpoint=str(places[0]), certificates=certificates)


def new_id() -> str:
    """Return the id of a question."""
    return f"_{secrets.token_hex(20)}"


def address_to_ask(*, there: Description, here: Service, question: str, state: str, now: int, again: bool = False) -> str:
    """Return where the browser goes with a question.

    Args:
        there: the provider.
        here: this server.
        question: its id.
        state: what comes back beside the answer.
        now: the time.
        again: whether whoever comes is to show there anew who they are, whatever session they have (SSO-15).
    """
    request = etree.Element(f"{{{NS['p']}}}AuthnRequest", nsmap={"p": NS["p"], "a": NS["a"]})
    asked = {"ID": question, "Version": "2.0", "IssueInstant": _written(now), "Destination": there.endpoint}
    if again:
        asked["ForceAuthn"] = "true"
    for name, value in {**asked, "AssertionConsumerServiceURL": here.place, "ProtocolBinding": POST}.items():
        request.set(name, value)
    etree.SubElement(request, f"{{{NS['a']}}}Issuer").text = here.name
    etree.SubElement(request, f"{{{NS['p']}}}NameIDPolicy", Format=PERSISTENT, AllowCreate="true")
    packer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(packer.compress(etree.tostring(request)) + packer.flush()).decode()
    parts = urlsplit(there.endpoint)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in {"SAMLRequest", "RelayState"}]
    return urlunsplit(parts._replace(query=urlencode([*kept, ("SAMLRequest", packed), ("RelayState", state)])))


def shown(*, answer: str, there: Description, here: Service, now: int) -> Arrival:
    """Return whom an answer shows.

    Args:
        answer: as it was posted, in base64.
        there: the provider that is asked here.
        here: this server.
        now: the time.

    Raises:
        Faulty: it proves nothing.
    """
    if len(answer) > 2 * MOST_BYTES:
        raise Faulty(Fault.TOKEN)
    try:
        body = base64.b64decode("".join(answer.split()), validate=True)
    except ValueError:
        raise Faulty(Fault.TOKEN) from None
    root = _parsed(body, Fault.TOKEN)
    if root.tag != f"{{{NS['p']}}}Response" or root.get("Version") != "2.0":
        raise Faulty(Fault.TOKEN)
    if [one.get("Value") for one in root.findall("p:Status/p:StatusCode", NS)] != [SUCCESS]:
        raise Faulty(Fault.DENIED)
    if root.get("Destination") != here.place:
        raise Faulty(Fault.AUDIENCE)
    assertion = _signed(root, there)
    if any(_text(one) != there.issuer for one in [*root.findall("a:Issuer", NS), *assertion.findall("a:Issuer", NS)]):
        raise Faulty(Fault.ISSUER)
    if len(assertion.findall("a:Issuer", NS)) != 1:
        raise Faulty(Fault.ISSUER)
    _judge(assertion, here=here, now=now)
    answers = _answers(assertion, here=here, now=now)
    if root.get("InResponseTo", answers) != answers:
        raise Faulty(Fault.NONCE)
    return Arrival(said=_said(assertion), answers=answers)


def _parsed(body: bytes, fault: Fault) -> etree._Element:
    """Return a document that is only elements: no declaration of a type, no entity, no comment, nothing loaded, each id once."""
    if len(body) > MOST_BYTES or b"<!" in body or b"\x00" in body:
        raise Faulty(fault)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Faulty(fault) from None
    if root.getroottree().docinfo.doctype or (root.getroottree().docinfo.encoding or "UTF-8").upper() not in {"UTF-8", "US-ASCII", "ASCII"}:
        raise Faulty(fault)
    ids = [one.get(name) for one in root.iter() for name in ("ID", "Id", "id") if isinstance(one.tag, str) and one.get(name) is not None]
    if len(ids) != len(set(ids)) or not all(isinstance(one.tag, str) for one in root.iter()):
        raise Faulty(fault)
    return root


def _signed(root: etree._Element, there: Description) -> etree._Element:
    """Return the assertion that the provider signed, or that is inside the answer that it signed, as the verifier gives it back.

    The document has one assertion, in its place. What carries the signature is verified as a document of its own, so that no reference
    leads to anything but itself.
    """
    tag = f"{{{NS['a']}}}Assertion"
    found, encrypted = list(root.iter(tag)), list(root.iter(f"{{{NS['a']}}}EncryptedAssertion"))
    if len(found) != 1 or encrypted or found[0].getparent() is not root:
        raise Faulty(Fault.TOKEN)
    bearers = [one for one in (found[0], root) if one.find("s:Signature", NS) is not None]
    if not bearers or len(bearers[0].findall("s:Signature", NS)) != 1 or not bearers[0].get("ID"):
        raise Faulty(Fault.SIGNATURE)
    for certificate in there.certificates:
        given = _verified(etree.tostring(bearers[0], with_tail=False), certificate)
        if given is not None and given.tag == bearers[0].tag and given.get("ID") == bearers[0].get("ID"):
            inside = [given] if given.tag == tag else given.findall("a:Assertion", NS)
            if len(inside) == 1:
                return inside[0]
    raise Faulty(Fault.SIGNATURE)


def _verified(document: bytes, certificate: str) -> etree._Element | None:
    """Return what this certificate's key signed of a document; None when that is nothing."""
    try:
        result = XMLVerifier().verify(document, x509_cert=_certificate(certificate), expect_config=SIGNED_BY, id_attribute="ID")
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if isinstance(result, list) else result.signed_xml


def _judge(assertion: etree._Element, *, here: Service, now: int) -> None:
    """Go on only if an assertion is for this server and this moment."""
    conditions = assertion.findall("a:Conditions", NS)
    if len(conditions) != 1:
        raise Faulty(Fault.AUDIENCE)
    wanted = conditions[0].findall("a:AudienceRestriction", NS)
    if not wanted or not all(here.name in [_text(one) for one in each.findall("a:Audience", NS)] for each in wanted):
        raise Faulty(Fault.AUDIENCE)
    if _time(conditions[0], "NotOnOrAfter", 0) + LEEWAY_MS <= now or _time(conditions[0], "NotBefore", now) - LEEWAY_MS > now:
        raise Faulty(Fault.EXPIRED)


def _answers(assertion: etree._Element, *, here: Service, now: int) -> str:
    """Return which question an assertion answers: it is confirmed for whoever brings it here, in time, and was asked for."""
    bearers = assertion.findall(f"a:Subject/a:SubjectConfirmation[@Method='{BEARER}']/a:SubjectConfirmationData", NS)
    if len(bearers) != 1 or bearers[0].get("Recipient") != here.place:
        raise Faulty(Fault.AUDIENCE)
    if _time(bearers[0], "NotOnOrAfter", 0) + LEEWAY_MS <= now:
        raise Faulty(Fault.EXPIRED)
    answers = bearers[0].get("InResponseTo")
    if not answers:
        raise Faulty(Fault.NONCE)
    return str(answers)


def _said(assertion: etree._Element) -> Said:
    """Return what a verified assertion says of a person."""
    names = assertion.findall("a:Subject/a:NameID", NS)
    subject = _text(names[0]) if len(names) == 1 else ""
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable() or _may_be_anothers(subject, names[0].get("Format", "")):
        raise Faulty(Fault.SUBJECT)
    address = next(_attributes(assertion, ADDRESS), "")
    if not address:
        raise Faulty(Fault.ADDRESS_MISSING)
    name = shown_line(raw=next(_attributes(assertion, NAME), ""), longest=64) or ""
    statements = assertion.findall("a:AuthnStatement", NS)
    shown_at = _time(statements[0], "AuthnInstant", 0) if len(statements) == 1 else 0
    return Said(subject=subject, address=address, name=name, shown_at=shown_at or None)


def _may_be_anothers(subject: str, form: str) -> bool:
    """Tell whether a name may be given to somebody else later: it says so, or looks like an address and does not say that it lasts."""
    return form in NO_SUBJECT or (form != PERSISTENT and normal_address(raw=subject) is not None)


def _attributes(assertion: etree._Element, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of the attributes with these names, the first name first; one that has several says nothing."""
    for name in names:
        values = assertion.xpath("a:AttributeStatement/a:Attribute[@Name=$name]/a:AttributeValue", namespaces=NS, name=name)
        if len(values) == 1 and _text(values[0]):
            yield _text(values[0])


def _text(element: etree._Element) -> str:
    """Return all the text in an element."""
    return "".join(str(part) for part in element.itertext()).strip()


def _time(element: etree._Element, name: str, otherwise: int) -> int:
    """Return the time in an attribute."""
    raw = element.get(name)
    if raw is None:
        return otherwise
    match = _TIME.fullmatch(raw)
    if match is None:
        raise Faulty(Fault.EXPIRED)
    try:
        return int(datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise Faulty(Fault.EXPIRED) from None


def _written(now: int) -> str:
    """Return a time as SAML writes it."""
    return clock.to_datetime(now).strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificate(encoded: str) -> x509.Certificate:
    """Return a certificate out of base64."""
    return x509.load_der_x509_certificate(base64.b64decode(encoded, validate=True))
