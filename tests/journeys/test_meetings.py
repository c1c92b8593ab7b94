"""meetings: a weekly meeting across a change of the clocks is planned, passed on as a calendar file, and found again when it is over."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator

from conclave.kernel import clock
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_policy import choose
from tests.meetings.test_calendar import read, starts

PARIS = ZoneInfo("Europe/Paris")
TITLE = "Harbour review, weekly"


def monday_before_the_clocks_change() -> date:
    """Return the Monday of the week in which the clocks of Paris change next, but not this week."""
    day = clock.to_datetime(clock.now()) + timedelta(days=8)
    while (day + timedelta(days=1)).astimezone(PARIS).utcoffset() == day.astimezone(PARIS).utcoffset():
        day += timedelta(days=1)
    return (day - timedelta(days=day.weekday())).date()


def instants(first: date, hour: int, *weeks: int) -> list[int]:
    """Return when a wall in Paris shows this hour, so many weeks later."""
    days = [first + timedelta(weeks=week) for week in weeks]
    return [int(datetime(day.year, day.month, day.day, hour, tzinfo=PARIS).astimezone(UTC).timestamp() * 1000) for day in days]


def taken(owner: Owner, button: Locator) -> str:
    """Press a button that hands out a file, and return the file."""
    with owner.chromium.page.expect_download() as file:
        button.click()
    assert file.value.suggested_filename.endswith(".ics")
    return file.value.path().read_bytes().decode()


@pytest.mark.journey("meetings")
def test_a_weekly_meeting_is_planned_passed_on_changed_held_and_found(owner: Owner, people: Guests) -> None:
    page, monday = owner.chromium.page, monday_before_the_clocks_change()
    page.goto(f"{owner.server.url}/meetings")
    owner.browser.click("button", "Plan a meeting")
    owner.browser.fill("What is it about?", TITLE)
    page.locator('[data-preset="open"]').click()
    owner.browser.click("button", "Go on to the time")
    page.locator("select[name=zone]").wait_for()
    meeting = urlsplit(page.url).path.split("/")[2]
    # What a series needs is asked for a series only.
    assert not page.locator("input[name=count]").is_visible()
    page.fill("input[name=day]", monday.isoformat())
    page.fill("input[name=time]", "09:00")
    page.select_option("select[name=zone]", "Europe/Paris")
    page.select_option("select[name=repeats]", "week")
    page.select_option("select[name=ends]", "count")
    page.fill("input[name=count]", "6")
    check(owner, "a plan")
    owner.browser.click("button", "Save the time")
    owner.reads("The meeting is planned.")
    owner.reads("for you:")
    times = page.locator("#times [data-wall]")
    assert [str(wall.get_attribute("data-wall")) for wall in times.all()] == [
        f"{monday + timedelta(weeks=week)}T09:00" for week in range(6)
    ]
    check(owner, "a meeting")

    # The file has the link, and nine in Paris stays nine in Paris.
    page.evaluate("() => { window.copied = undefined; }")
    page.get_by_role("button", name="Copy the link").click()
    link = str(until(lambda: page.evaluate("() => window.copied"), what="a copied link"))
    owner.secrets.add(link.partition("#")[2])
    take = page.locator('[data-calendar="plan"]')
    calendar, event = read(taken(owner, take))
    uid, first = str(event["UID"]), int(event["SEQUENCE"])
    assert str(event["URL"]) == link
    assert str(event["SUMMARY"]) == TITLE
    assert starts(calendar, event, most=9) == instants(monday, 9, 0, 1, 2, 3, 4, 5)

    # An hour later, and the third time is called off.
    owner.browser.click("link", "Change title or time")
    page.fill("input[name=time]", "10:00")
    owner.browser.click("button", "Save the time")
    owner.reads("The meeting is planned.")
    times.nth(2).get_by_role("button", name="Call it off").click()
    owner.reads("This time is called off.")
    calendar, event = read(taken(owner, take))
    assert (str(event["UID"]), int(event["SEQUENCE"])) == (uid, first + 2)
    assert starts(calendar, event, most=9) == instants(monday, 10, 0, 1, 3, 4, 5)

    # Found by its words, and among what is to come.
    page.goto(f"{owner.server.url}/meetings")
    page.fill("input[name=words]", "HARB week")
    page.keyboard.press("Enter")
    owner.reads(TITLE)
    page.fill("input[name=words]", "arbour")
    page.keyboard.press("Enter")
    owner.reads("No meeting of yours has these words in its title.")
    page.get_by_role("link", name="To come").click()
    owner.reads(TITLE)
    check(owner, "what is to come")

    # Bob is in it and goes; then it stands in the past, and that he was does not.
    bob = people("Bob")
    bob.join(link)
    bob.leave()
    page.get_by_role("link", name="Past", exact=True).click()
    past = page.locator(f'[data-past="{meeting}"]')

    def is_past() -> bool:
        page.reload()
        return past.count() == 1

    until(is_past, what="the meeting among those that took place", seen=owner.text)
    check(owner, "past meetings")
    past.get_by_role("link").click()
    assert page.locator("#held li").count() == 1
    assert "Bob" not in owner.text()

    # Its link is replaced: the page says what to do. Before it is deleted, a file takes it out of calendars.
    page.get_by_role("button", name=f"More for “{TITLE}”").click()
    page.get_by_role("menuitem", name="Replace the link").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Replace the link").click()
    page.get_by_role("alertdialog").wait_for(state="detached")
    page.reload()
    page.locator("[data-replaced]").wait_for()
    page.get_by_role("button", name=f"More for “{TITLE}”").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("alertdialog")
    file = taken(owner, dialog.locator('[data-calendar="cancel"]'))
    calendar, event = read(file)
    assert (str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"])) == ("CANCEL", uid, first + 4)
    dialog.get_by_label("Name of the meeting").fill(TITLE)
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/meetings")
    owner.reads("My meetings")
    assert TITLE not in owner.text()
    assert not owner.faults()


@pytest.mark.journey("meetings")
def test_on_a_phone_in_french_without_the_link_the_file_says_where_to_ask(owner: Owner, chromiums: Chromiums) -> None:
    title = "Réunion du quai"
    owner.make_meeting(title)
    phone = Owner("Alice", chromiums.of("Alice").window(viewport=PHONE, touch=True, locale="fr-FR", dark=True), server=owner.server)
    page = phone.chromium.page
    page.goto(f"{phone.server.url}/account/login/?next=/meetings?words=reunion+quai")
    page.fill("input[name=login]", phone.email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    card = page.locator("[data-meeting]").filter(has=page.get_by_role("heading", name=title, exact=True)).first
    card.wait_for()
    check(phone, "a search, French, phone")
    card.get_by_role("link", name=title).click()
    phone.reads("Le lien n’est pas sur cet appareil")
    page.get_by_role("link", name="Prévoir un horaire").click()
    # Until something else is chosen, the zone of this device.
    here = str(page.evaluate("() => Intl.DateTimeFormat().resolvedOptions().timeZone"))
    assert page.input_value("select[name=zone]") == here
    page.fill("input[name=day]", (monday_before_the_clocks_change() + timedelta(days=6)).isoformat())
    page.fill("input[name=time]", "02:30")
    page.select_option("select[name=zone]", "Europe/Paris")
    check(phone, "a plan, French, phone")
    phone.expects("422")
    page.fill("input[name=minutes]", "60")
    page.select_option("select[name=repeats]", "day")
    page.select_option("select[name=ends]", "until")
    page.get_by_role("button", name="Enregistrer l’horaire").click()
    phone.reads("Dites quand la série se termine.")
    check(phone, "a refused plan, French, phone")
    page.select_option("select[name=repeats]", "never")
    page.get_by_role("button", name="Enregistrer l’horaire").click()
    phone.reads("La réunion est planifiée.")
    # On the Sunday of the change half past two is skipped, or there twice: either is said.
    phone.reads("Ce jour-là, les horloges")
    check(phone, "a meeting, French, phone")
    _calendar, event = read(taken(phone, page.locator('[data-calendar="plan"]')))
    assert "URL" not in event
    assert "Le lien n’est pas dans ce fichier" in str(event["DESCRIPTION"])
    assert not phone.faults()
    phone.browser.close()


@pytest.mark.journey("meetings")
def test_an_organisation_sees_that_there_is_a_meeting_and_not_what_it_is_about(owner: Owner) -> None:
    page = owner.chromium.page
    page.goto(f"{owner.server.url}/organisations/new")
    owner.browser.fill("Name of the organisation", "Harbour office")
    page.keyboard.press("Enter")
    owner.reads("You here")
    house = urlsplit(page.url).path
    page.goto(f"{owner.server.url}/meetings")
    owner.browser.click("button", "New meeting")
    owner.browser.fill("What is it about?", "Redundancies")
    choose(owner, "Harbour office")
    page.locator('[data-preset="open"]').click()
    owner.browser.click("button", "Make the meeting")
    owner.copied_link("Redundancies")
    page.goto(f"{owner.server.url}{house}")
    page.locator("nav.tabs").get_by_role("link", name="Meetings").click()
    page.locator("#house").wait_for()
    owner.reads("everybody with the link")
    assert "Redundancies" not in owner.text()
    check(owner, "the meetings of an organisation")
    page.get_by_role("link", name="Held now").click()
    owner.reads("There is none.")
    assert not owner.faults()
