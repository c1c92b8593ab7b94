"""sso: what a provider's answer by SAML must prove, and that nothing beside what it signed is ever read (SSO-10)."""

import copy
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from conclave.accounts.oidc import Fault, Faulty, Said
from conclave.accounts.saml import MOST_BYTES, NS, Arrival, Service, address_to_ask, described, new_id, shown
from conclave.kernel import clock
from tests.accounts.assertions import (
    CERTIFICATE,
    ENDPOINT,
    ISSUER,
    OTHER_CERTIFICATE,
    A,
    P,
    Wish,
    asked,
    assertion,
    encoded,
    metadata,
    response,
    right,
    sent,
    sign,
)
from tests.accounts.openid import OTHER_KEY

PLACE = "http://localhost:8000/account/sso/x/saml"
HERE = Service(name=PLACE, place=PLACE)
BOB = Said(subject="s-1", address="bob@harbour.example", name="Bob")

# Forms of a name id that do not say whether it is for good.
LASTS_NOT_FOR_SURE = (
    "",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
)


@pytest.fixture
def wish() -> Wish:
    return Wish(question=new_id(), place=PLACE)


def outcome(document: Any) -> Arrival | Fault:
    """Return what comes of an answer."""
    try:
        return shown(answer=sent(document), there=described(text=metadata()), here=HERE, now=clock.now())
    except Faulty as error:
        return error.fault


def test_a_right_answer_says_who_came_and_to_which_question(wish: Wish) -> None:
    bob = replace(BOB, shown_at=int(wish.now.timestamp()) * 1000)
    assert outcome(right(wish)) == Arrival(said=bob, answers=wish.question or "")
    assert outcome(sign(response(wish, assertion(wish)))) == Arrival(said=bob, answers=wish.question or "")
    assert outcome(sign(right(wish))) == Arrival(said=bob, answers=wish.question or "")
    silent = replace(wish, shown_s=None)
    assert outcome(right(silent)) == Arrival(said=BOB, answers=wish.question or "")


def test_the_question_names_us_and_where_to_answer(wish: Wish) -> None:
    address = address_to_ask(there=described(text=metadata()), here=HERE, question="_q", state="_s", now=clock.now())
    assert address.startswith("https://saml.harbour.example/sso?kept=1&SAMLRequest=")
    assert asked(address) == ("_q", PLACE, "_s")
    assert wish.question != new_id()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"issuer": "https://evil.example"}, Fault.ISSUER),
        ({"audience": "https://another.example"}, Fault.AUDIENCE),
        ({"audience": ""}, Fault.AUDIENCE),
        ({"destination": "https://another.example"}, Fault.AUDIENCE),
        ({"destination": ""}, Fault.AUDIENCE),
        ({"recipient": "https://another.example"}, Fault.AUDIENCE),
        ({"lasts_s": -90}, Fault.EXPIRED),
        ({"begins_s": 90}, Fault.EXPIRED),
        ({"question": None}, Fault.NONCE),
        ({"response_answers": "_another"}, Fault.NONCE),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, Fault.DENIED),
        ({"subject": ""}, Fault.SUBJECT),
        ({"subject": "x" * 256}, Fault.SUBJECT),
        ({"form": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}, Fault.SUBJECT),
        ({"form": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"}, Fault.SUBJECT),
        *(({"form": form, "subject": "Bob@harbour.example"}, Fault.SUBJECT) for form in LASTS_NOT_FOR_SURE),
        ({"attributes": {}}, Fault.ADDRESS_MISSING),
        ({"attributes": {"email": ["a@harbour.example", "b@harbour.example"]}}, Fault.ADDRESS_MISSING),
    ],
)
def test_sso_10_a_signed_answer_must_be_for_this_server_and_now(wish: Wish, change: dict[str, Any], fault: Fault) -> None:
    assert outcome(right(replace(wish, **change))) is fault


def test_a_name_that_is_said_to_last_may_look_like_an_address_and_others_may_not(wish: Wish) -> None:
    allowed: tuple[dict[str, Any], ...] = ({"subject": "b0b@harbour.example"}, {"form": LASTS_NOT_FOR_SURE[1]})
    for change in allowed:
        assert isinstance(outcome(right(replace(wish, **change))), Arrival), change


def test_an_answer_is_good_for_its_time_and_a_minute_of_wrong_clocks(wish: Wish) -> None:
    assert isinstance(outcome(right(replace(wish, lasts_s=-30))), Arrival)
    assert isinstance(outcome(right(replace(wish, begins_s=30))), Arrival)
    assert outcome(right(replace(wish, now=wish.now - dt.timedelta(days=1)))) is Fault.EXPIRED


def test_sso_10_what_is_not_signed_says_nothing(wish: Wish) -> None:
    assert outcome(response(wish, assertion(wish))) is Fault.SIGNATURE
    assert outcome(response(wish, sign(assertion(wish), key=OTHER_KEY, one=OTHER_CERTIFICATE))) is Fault.SIGNATURE
    stripped = right(wish)
    for one in stripped.iter(f"{{{NS['s']}}}SignatureValue"):
        one.text = ""
    assert outcome(stripped) is Fault.SIGNATURE


def test_sso_10_a_signature_is_by_a_digest_that_holds(wish: Wish) -> None:
    strong: dict[str, Any] = {"signature_algorithm": SignatureMethod.RSA_SHA512, "digest_algorithm": DigestAlgorithm.SHA512}
    assert isinstance(outcome(response(wish, sign(assertion(wish), **strong))), Arrival)
    document = etree.tostring(right(wish))
    weak = document.replace(b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    assert weak != document
    assert outcome(weak) is Fault.SIGNATURE


@pytest.mark.parametrize("where", ["subject", "email", "audience", "attribute"])
def test_sso_10_what_was_changed_after_signing_is_not_believed(wish: Wish, where: str) -> None:
    document = etree.tostring(right(wish))
    old, new = {
        "subject": (b">s-1<", b">s-2<"),
        "email": (b"bob@harbour.example", b"eve@harbour.example"),
        "audience": (PLACE.encode(), b"https://another.example"),
        "attribute": (b'Name="displayName"', b'Name="email"'),
    }[where]
    assert old in document
    assert isinstance(outcome(document.replace(old, new)), Fault)


def evil(wish: Wish, ident: str = "_evil") -> Any:
    """Return an assertion that says what the provider never said."""
    return assertion(replace(wish, subject="somebody else"), ident=ident)


def wrapped(wish: Wish) -> dict[str, Any]:
    """Return answers in which what is signed stands elsewhere than what would be read: the known ways of signature wrapping."""
    signed = sign(assertion(wish))
    found = {}
    # Beside the signed one, before and after it.
    found["before"] = response(wish, evil(wish), copy.deepcopy(signed))
    found["after"] = response(wish, copy.deepcopy(signed), evil(wish))
    # The signed one inside the other, and inside its signature.
    outer = evil(wish)
    outer.append(copy.deepcopy(signed))
    found["inside"] = response(wish, outer)
    outer, moved = evil(wish), copy.deepcopy(signed)
    signature = moved.find(f"{{{NS['s']}}}Signature")
    moved.remove(signature)
    outer.insert(1, signature)
    etree.SubElement(signature, f"{{{NS['s']}}}Object").append(moved)
    found["object"] = response(wish, outer)
    # The signature moved to the other, the signed one moved away, with and without the same id.
    for name, ident in (("extensions", "_evil"), ("same-id", "_a1")):
        outer, moved = evil(wish, ident), copy.deepcopy(signed)
        signature = moved.find(f"{{{NS['s']}}}Signature")
        outer.insert(1, copy.deepcopy(signature))
        whole = response(wish, outer)
        etree.SubElement(whole, f"{P}Extensions").append(moved)
        found[name] = whole
    # A whole signed answer inside another.
    signed_answer = sign(response(wish, assertion(wish)))
    outer_answer = response(wish, evil(wish), ident="_r2")
    outer_answer.append(signed_answer)
    found["answer-in-answer"] = outer_answer
    outer_answer = response(wish, evil(wish), ident="_r2")
    signature = copy.deepcopy(signed_answer.find(f"{{{NS['s']}}}Signature"))
    etree.SubElement(signature, f"{{{NS['s']}}}Object").append(copy.deepcopy(signed_answer))
    outer_answer.insert(1, signature)
    found["answer-in-object"] = outer_answer
    # Two signatures, the second one of what was changed.
    outer = evil(wish)
    for one in (signature, signed.find(f"{{{NS['s']}}}Signature")):
        outer.append(copy.deepcopy(one))
    found["two-signatures"] = response(wish, outer)
    # The signature stands, the assertion has another name space that looks the same.
    odd = etree.fromstring(etree.tostring(response(wish, copy.deepcopy(signed))).replace(b'ID="_a1"', b'ID="_a2"'))
    found["other-id"] = odd
    return found


KINDS = [
    *("before", "after", "inside", "object", "extensions", "same-id", "answer-in-answer", "answer-in-object", "two-signatures", "other-id"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_sso_10_what_stands_around_what_was_signed_is_never_read(wish: Wish, kind: str) -> None:
    documents = wrapped(wish)
    assert set(documents) == set(KINDS)
    assert isinstance(outcome(documents[kind]), Fault)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a><a/>',
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<a>" + b" " * MOST_BYTES + b"</a>",
    ],
)
def test_sso_10_a_document_that_is_more_than_elements_is_not_read(document: bytes) -> None:
    assert outcome(document) is Fault.TOKEN
    with pytest.raises(Faulty):
        described(text=document.decode("latin-1"))


def test_sso_10_a_comment_cuts_nothing_off(wish: Wish) -> None:
    """Who signs “bob@harbour.example.evil.example” must not be read as Bob because a comment was put in later."""
    document = etree.tostring(right(replace(wish, subject="s-1.evil")))
    assert isinstance(outcome(document), Arrival)
    for sign_in in (b"<!---->", b"<?x?>", b"<![CDATA[]]>"):
        assert isinstance(outcome(document.replace(b">s-1.evil<", b">s-1" + sign_in + b".evil<")), Fault)


@pytest.mark.parametrize("answer", ["", "%%%", "x" * (2 * MOST_BYTES + 1), "é", "PGEvPg"])
def test_what_is_no_base64_is_no_answer(answer: str) -> None:
    with pytest.raises(Faulty):
        shown(answer=answer, there=described(text=metadata()), here=HERE, now=clock.now())


def test_an_encrypted_assertion_is_said_to_be_no_answer(wish: Wish) -> None:
    assert outcome(sign(response(wish, etree.Element(f"{A}EncryptedAssertion")))) is Fault.TOKEN


def test_metadata_describe_a_provider() -> None:
    found = described(text=metadata())
    assert (found.issuer, found.endpoint, found.certificates) == (ISSUER, ENDPOINT, (encoded(CERTIFICATE),))


@pytest.mark.parametrize(
    "text",
    [
        metadata(issuer=""),
        metadata(issuer="x" * 256),
        metadata().replace("HTTP-Redirect", "HTTP-Artifact"),
        metadata().replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata().replace(encoded(CERTIFICATE), "AAAA"),
        metadata().replace(encoded(CERTIFICATE), ""),
        metadata().replace("EntityDescriptor", "EntitiesDescriptor"),
        metadata().replace('use="signing"', 'use="encryption"'),
    ],
)
def test_metadata_that_describe_none_are_refused(text: str) -> None:
    with pytest.raises(Faulty):
        described(text=text)
