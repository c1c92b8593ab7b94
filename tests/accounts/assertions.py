"""A SAML provider that answers as a test wants: what is right, and what no real one would say."""

import base64
import datetime as dt
import html
import re
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from conclave.accounts.saml import NS, PERSISTENT, SUCCESS
from tests.accounts.openid import KEY, OTHER_KEY, node_provider

ISSUER = "https://saml.harbour.example/metadata"
ENDPOINT = "https://saml.harbour.example/sso?kept=1"
P, A = f"{{{NS['p']}}}", f"{{{NS['a']}}}"


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Return a certificate that signs itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test")])
    now = dt.datetime.now(tz=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
    return made.not_valid_after(now + dt.timedelta(days=2)).sign(key, hashes.SHA256())


CERTIFICATE, OTHER_CERTIFICATE = certificate(KEY), certificate(OTHER_KEY)


def encoded(one: x509.Certificate) -> str:
    """Return a certificate as metadata have it."""
    return base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode()


def metadata(*, issuer: str = ISSUER, endpoint: str = ENDPOINT, one: x509.Certificate = CERTIFICATE, more: str = "") -> str:
    """Return what a provider says of itself."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<m:EntityDescriptor xmlns:m="{NS["m"]}" xmlns:s="{NS["s"]}" entityID="{issuer}">{more}
  <m:IDPSSODescriptor protocolSupportEnumeration="{NS["p"]}">
    <m:KeyDescriptor use="signing"><s:KeyInfo><s:X509Data><s:X509Certificate>
      {encoded(one)}
    </s:X509Certificate></s:X509Data></s:KeyInfo></m:KeyDescriptor>
    <m:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{endpoint}"/>
    <m:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{endpoint}"/>
  </m:IDPSSODescriptor>
</m:EntityDescriptor>"""


def asked(address: str) -> tuple[str, str, str]:
    """Return the question's id, the address that answers are posted to, and the state, out of where a browser is led."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15))
    return request.get("ID"), request.get("AssertionConsumerServiceURL"), query["RelayState"]


def request_of(address: str) -> dict[str, str]:
    """Return what stands at the top of a question, out of where a browser is led."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    return dict(etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15)).attrib)


@dataclass
class Wish:
    """What an answer says; without a wish, what is right."""

    question: str | None
    place: str
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(tz=dt.UTC))
    issuer: str = ISSUER
    audience: str | None = None
    destination: str | None = None
    recipient: str | None = None
    subject: str = "s-1"
    form: str = PERSISTENT
    status: str = SUCCESS
    lasts_s: int = 60
    begins_s: int = -10
    # When the person showed there who they are; None says nothing.
    shown_s: int | None = 0
    response_answers: str | None = ""
    attributes: dict[str, list[str]] = field(default_factory=lambda: {"email": ["bob@harbour.example"], "displayName": ["Bob"]})

    def time(self, seconds: int) -> str:
        """Return a time as SAML writes it."""
        return (self.now + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion(wish: Wish, *, ident: str = "_a1") -> Any:
    """Return an assertion, not signed."""
    made = etree.Element(f"{A}Assertion", nsmap={"a": NS["a"]}, ID=ident, Version="2.0", IssueInstant=wish.time(0))
    etree.SubElement(made, f"{A}Issuer").text = wish.issuer
    subject = etree.SubElement(made, f"{A}Subject")
    etree.SubElement(subject, f"{A}NameID", Format=wish.form).text = wish.subject
    confirmation = etree.SubElement(subject, f"{A}SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
    data = {"Recipient": wish.recipient or wish.place, "NotOnOrAfter": wish.time(wish.lasts_s)}
    data |= {"InResponseTo": wish.question} if wish.question else {}
    etree.SubElement(confirmation, f"{A}SubjectConfirmationData", data)
    times = {"NotBefore": wish.time(wish.begins_s), "NotOnOrAfter": wish.time(wish.lasts_s)}
    conditions = etree.SubElement(made, f"{A}Conditions", times)
    if wish.audience != "":
        restriction = etree.SubElement(conditions, f"{A}AudienceRestriction")
        etree.SubElement(restriction, f"{A}Audience").text = wish.audience or wish.place
    if wish.shown_s is not None:
        etree.SubElement(made, f"{A}AuthnStatement", AuthnInstant=wish.time(wish.shown_s))
    statement = etree.SubElement(made, f"{A}AttributeStatement")
    for name, values in wish.attributes.items():
        attribute = etree.SubElement(statement, f"{A}Attribute", Name=name)
        for value in values:
            etree.SubElement(attribute, f"{A}AttributeValue").text = value
    return made


def response(wish: Wish, *inside: Any, ident: str = "_r1") -> Any:
    """Return an answer around assertions, not signed."""
    made = etree.Element(f"{P}Response", nsmap={"p": NS["p"], "a": NS["a"]}, ID=ident, Version="2.0", IssueInstant=wish.time(0))
    if wish.destination != "":
        made.set("Destination", wish.destination or wish.place)
    answers = wish.question if wish.response_answers == "" else wish.response_answers
    if answers:
        made.set("InResponseTo", answers)
    etree.SubElement(made, f"{A}Issuer").text = wish.issuer
    etree.SubElement(etree.SubElement(made, f"{P}Status"), f"{P}StatusCode", Value=wish.status)
    made.extend(inside)
    return made


def sign(element: Any, *, key: Any = KEY, one: x509.Certificate = CERTIFICATE, **how: Any) -> Any:
    """Return an element with a signature of its own."""
    how = {"signature_algorithm": SignatureMethod.RSA_SHA256, "digest_algorithm": DigestAlgorithm.SHA256, **how}
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, **how)
    return signer.sign(element, key=key, cert=[one], reference_uri=element.get("ID"), id_attribute="ID")


def right(wish: Wish) -> Any:
    """Return an answer with a signed assertion."""
    return response(wish, sign(assertion(wish)))


def sent(document: Any) -> str:
    """Return a document as a browser posts it."""
    return base64.b64encode(document if isinstance(document, bytes) else etree.tostring(document)).decode()


@contextmanager
def real_provider(*, people: Mapping[str, Mapping[str, Any]], place: str) -> Iterator[str]:
    """Run a real provider by SAML with these people, by subject; yield where it describes itself."""
    key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    cert = CERTIFICATE.public_bytes(serialization.Encoding.PEM).decode()
    with node_provider("saml.mjs", people=people, place=place, key=key, cert=cert) as address:
        yield f"{address}/metadata"


def said_by(address: str) -> str:
    """Return what stands at an address."""
    text: str = urllib.request.urlopen(address, timeout=20).read().decode()
    return text


def signs_in(address: str, subject: str) -> tuple[str, dict[str, str]]:
    """Sign in on the real provider's page; return where its answer is posted to, without the host, and what."""
    inputs = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')
    fields = {name: html.unescape(value) for name, value in inputs.findall(said_by(address))}
    there = "{0.scheme}://{0.netloc}/sso".format(urllib.parse.urlsplit(address))
    page = said_by(f"{there}?{urllib.parse.urlencode({**fields, 'login': subject})}")
    action = re.search(r'action="([^"]+)"', page)
    assert action, page
    posted = {name: html.unescape(value) for name, value in inputs.findall(page)}
    return urllib.parse.urlsplit(html.unescape(action.group(1))).path, posted
