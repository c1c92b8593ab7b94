"""owner: every page of the URL map, with as much on it as there can be: usable by everybody, light, readable from right to left.

What is not linked from anywhere has to be named here, or this fails: a page that nobody can reach was not looked at.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.architecture.test_outsiders import ADDRESSES
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

LARGEST = 100_000
# Two lines of what can be pressed, and what is between them.
HIGHEST_HEADER = 120
SHORTEST = 60
# Programs' addresses, what only answers to a form, files, and what a mail or a lost session leads to, which tests of their own go through.
NO_PAGES = re.compile(
    r"api/v1|\^|language |healthz |readyz |selftest/bytes |trust/client|\.well-known/|"
    r"\S*/(file|end|keep|export|remove|times|back|saml|receipts|invitations/<\S+) |"
    r"account/\S+/<str:token> |transparency/[cpt]|transparency/reports/\S+/<str:name> "
)
# Whoever is signed in is sent on from here, and the others are for a school, an owner, whom a provider sent, and whoever holds the number
# of a receipt or a notice, or there is none yet: the journeys of the account, of schools, of sign-in by organisations, of orders and of
# reports look at them.
ELSEWHERE = {
    "account/login/ account_login",
    "account/login/second/ mfa_authenticate",
    "account/login/passkey/ mfa_login_webauthn",
    "organisations/<slug:organisation>/school/roster organisation_roster",
    "staff/people/<slug:member> staff_person",
    "organisations/<slug:organisation>/welcome organisation_welcome",
    "authorities/<slug:receipt> order_status",
    "notice/<slug:notice> order_notice",
    "transparency/reports/<slug:report>/ report",
    "notice/told/<slug:notice> disclosure_notice",
    # An engineer is nothing else: the journey of the glass looks at them.
    "staff/glass staff_glasses",
    "staff/glass/<slug:glass> staff_glass",
}
# MEET-1: these make or read a link's secret, which takes the whole client.
HEAVY = {"call", "meeting", "meetings", "now", "check", "selftest"}
SCRIPTED = {*HEAVY, "mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_login_webauthn", "organisation_join", "owner"}

# A browser also lists the fonts that it has at hand from the pages before; what a page sends for are those that it shows something in.
WEIGHT = """async () => {
  await document.fonts.ready;
  const shown = [...document.fonts].filter(({ status }) => status === "loaded");
  const faces = shown.map(({ family }) => family.toLowerCase().replaceAll('"', "").replace(" variable", "").replaceAll(" ", "-"));
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const sent = all.map((one) => [one.name.split("/").at(-1), one.encodedBodySize + 300]);
  return sent.filter(([name]) => !name.endsWith(".woff2") || faces.some((face) => name.startsWith(face)));
}"""
LINKS = "() => [...document.querySelectorAll('main a[href], header a[href], footer a[href]')].map((link) => link.href)"
# What a language written from right to left makes of a page: every sentence a third longer, with marks above its letters.
MIRRORED = """() => {
  const marked = { a: "á", e: "ê", i: "ï", o: "ö", u: "ù", c: "ç", n: "ñ", A: "Å", E: "É", I: "Î", O: "Ø", U: "Û" };
  const said = (text) => {
    const words = text.replace(/[aeioucnAEIOU]/g, (letter) => marked[letter]);
    return text.trim() === "" ? text : `\\u2067${words} ${"ûñ ".repeat(Math.ceil(text.trim().length / 9))}\\u2069`;
  };
  document.documentElement.dir = "rtl";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode()) texts.push(walk.currentNode);
  for (const text of texts) {
    if (!text.parentElement.closest("script, style, code, .code, template")) text.data = said(text.data);
  }
  for (const fold of document.querySelectorAll("details")) fold.open = true;
}"""
OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (one) => one !== null && (/auto|scroll|hidden|clip/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  return [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || one.closest(".unseen, .skip, svg") || scrolls(one.parentElement)) return false;
    return box.left < -1 || box.right > width + 1;
  }).slice(0, 4).map((one) => one.outerHTML.slice(0, 160));
}"""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One address of the URL map and one place it leads to."""

    address: str
    name: str
    path: str


def address_of(path: str) -> tuple[str, str] | None:
    """Return the address of the URL map that this path is, and its name."""
    try:
        found = resolve(path)
    except Resolver404:
        return None
    return f"{found.route} {found.url_name or ''}", found.url_name or ""


@pytest.fixture
def emil(chromiums: Chromiums, server: Installation) -> Iterator[Person]:
    """Emil, who has something of everything, signed in on a telephone."""
    environment = {
        **server.environment(),
        "DJANGO_SETTINGS_MODULE": "conclave.settings",
        "PYTHONPATH": f"{server.checkout}/src:{server.checkout}",
    }
    made = subprocess.run(
        [sys.executable, "-m", "tests.journeys.fullest", PASSWORD],
        env=environment, cwd=server.checkout, check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    person = Person("Emil", chromiums.of("Emil").window(viewport=PHONE, touch=True), server=server)
    cookies = json.loads(made.stdout.splitlines()[-1])
    person.chromium.context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])
    yield person
    person.browser.close()


def pages(emil: Person) -> Iterator[Page]:
    """Open every page once: those of the URL map that need nothing, then whatever a page leads to; the browser shows what is yielded."""
    plain = [address.rpartition(" ")[0] for address in ADDRESSES if "<" not in address and not NO_PAGES.match(address)]
    waiting, seen = [f"/{route}" for route in plain], set()
    while waiting:
        path = waiting.pop(0)
        known = address_of(path)
        if known is None or known[0] in seen or NO_PAGES.match(known[0]) or known[0] in ELSEWHERE:
            continue
        seen.add(known[0])
        # One address of several names is one page.
        seen |= {address for address in ADDRESSES if address.rpartition(" ")[0] == known[0].rpartition(" ")[0]}
        emil.chromium.page.goto(emil.server.url + path)
        until(lambda: len(emil.text()) > 40, what=f"text on {path}")
        yield Page(address=known[0], name=known[1], path=path)
        waiting += [urlsplit(link).path for link in emil.browser.ask(LINKS) if urlsplit(link).netloc == urlsplit(emil.server.url).netloc]
    missed = {address for address in ADDRESSES if not NO_PAGES.match(address)} - seen - ELSEWHERE - {"m/<str:meeting> call"}
    assert not missed, f"no page leads there: {sorted(missed)}"


@pytest.mark.journey("owner")
def test_every_page_is_for_everybody(emil: Person, chromiums: Chromiums) -> None:
    faults: list[str] = []
    visited = []
    for page in pages(emil):
        visited.append(page)
        loaded = emil.browser.ask(WEIGHT)
        if sum(size for _name, size in loaded) > LARGEST and page.name not in HEAVY:
            faults.append(f"{page.path} weighs too much: {loaded}")
        try:
            check(emil, page.path)
        except AssertionError as error:
            faults.append(str(error))
        if emil.browser.ask("() => document.querySelector('.site-header').clientHeight") > HIGHEST_HEADER:
            faults.append(f"the header of {page.path} takes more than two lines")
        emil.browser.ask(MIRRORED)
        wide = emil.browser.ask("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        outside = emil.browser.ask(OUTSIDE)
        if wide > 0 or outside:
            faults.append(f"{page.path}, mirrored, is {wide} px too wide: {outside}")
    plain = Person("Emil", chromiums.of("Emil").window(javascript=False), server=emil.server)
    plain.chromium.context.add_cookies([{**cookie} for cookie in emil.chromium.context.cookies()])  # type: ignore[typeddict-item] # as they were given
    for page in visited:
        plain.chromium.page.goto(plain.server.url + page.path)
        main = plain.chromium.page.locator("main")
        if not main.locator("h1").count() or (len(main.inner_text()) < SHORTEST and page.name not in SCRIPTED):
            faults.append(f"{page.path} says nothing without JavaScript: {main.inner_text()}")
    plain.browser.close()
    faults += [problem for problem in emil.browser.problems() if "Content Security Policy" in problem]
    assert len(visited) > 30
    assert not faults, "\n".join(faults)
