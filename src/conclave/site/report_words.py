"""What pages call the tables of transparency reports, their columns and their values."""

from collections.abc import Mapping
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from conclave.authorities import words
from conclave.authorities.words import Words
from conclave.kernel.territories import CODES
from conclave.site import inventory
from conclave.transparency import sheets

Sentence = str | Promise

BY_TERRITORY: tuple[Sentence, Sentence] = (
    _("What came, and how far it got"),
    _(
        "An order stands in every column that it came to, and in every territory that it names: one that was carried out and then quashed "
        "is in both."
    ),
)
UNION: tuple[Sentence, Sentence] = (
    _("Orders of member states of the European Union"),
    _("As the Digital Services Act wants them counted (article 15). A state that has sent none has no row. Times are in minutes."),
)
# The columns of the template that have numbers here, each with what it is called.
DSA: Words = {
    sheets.COUNTED[sheets.ACT]: _("To act"),
    sheets.TOLD[sheets.ACT]: _("Until receipt was confirmed"),
    sheets.DONE[sheets.ACT]: _("Until it was done"),
    sheets.COUNTED[sheets.INFORM]: _("To inform"),
    sheets.TOLD[sheets.INFORM]: _("Until receipt of that was confirmed"),
    sheets.DONE[sheets.INFORM]: _("Until that was told"),
}
# In the order in which people read them: what each table is called, and what it says.
TABLES: Mapping[str, tuple[Sentence, Sentence]] = {
    "orders": (_("How each order stands"), _("The last that came of it. An order that names several territories stands in each of them.")),
    "refusals": (_("Why orders were refused"), _("The reason that whoever ordered it was told too.")),
    "origins": (_("Who asked, and how it came"), _("Each order once. Who it was stands as the authority itself said it.")),
    "people": (
        _("People who were met"),
        _("For each measure that is over, roughly how many people were not let in or taken out: never so exactly that somebody could be "
          "told by it. The number is of measures."),
    ),
    "measures": (_("Measures, and for how long"), _("Each holds in one territory and has an end.")),
    "restorations": (_("Given back"), _("For each measure that is over: why, and to how many people.")),
    "disclosures": (
        _("What may be told of people"),
        _("For each order that two people approved, each field that may be handed out. What people say, write and show is none."),
    ),
    "handed": (
        _("What was told of people"),
        _("For each order, each field that was in fact handed out. It may have been approved in the half-year before."),
    ),
    "deferrals": (
        _("When people were told that something was told of them"),
        _("For each order by which something was handed out. Not to tell them at once takes a law that says so, and it has an end."),
    ),
    "territory_times": (
        _("How long it took, by territory"),
        _("From when an order came. No time is opened but of orders of authorities that the desk has made sure of, where a territory has "
          "sent at least five of these: it could name a meeting."),
    ),
    "times": (_("How long it took, everywhere"), _("From when an order came; of the same orders, each once.")),
    "earlier_orders": (_("What became of orders of earlier reports"), _("Their last outcome in this one.")),
    "region_refusals": (
        _("Refused rather than held elsewhere"),
        _("How often somebody could not join because of where the call may be held. Nobody was moved to a region that was not allowed."),
    ),
    "glass": (_("Looks behind the glass"), _("How often two people of the staff opened logs or addresses, for an hour at most.")),
    "desks": (
        _("Which desks were staffed"),
        _("Days, as the server saw them. A desk that is not staffed refuses and publishes, and never acts."),
    ),
    "terminal": (
        _("What was done to one account at the terminal"),
        _("No act of the staff closes a meeting or an account. Whoever holds the server itself can do this, and each time is counted, as "
          "is whether it was done within 30 days after an order about the same account. What people do to their own account is not in it."),
    ),
    "reports": (_("What people reported"), _("Notices, by where they came from and what they were about.")),
    "sealed_orders": (_("Orders that cannot be opened any more"), _("They are counted above as not opened.")),
    "entries": (_("Lines of the ledger in this half-year"), _("All of them, by type: none is left out.")),
}  # fmt: skip
COLUMNS: Words = {
    "territory": _("Territory"),
    "kind": _("Kind"),
    "outcome": _("What came of it"),
    "category": _("Category"),
    "channel": _("How it came"),
    "reason": _("Reason"),
    "state": _("Until"),
    "action": _("What was done"),
    "band": _("People"),
    "people": _("People"),
    "cause": _("Cause"),
    "field": _("Field"),
    "deferred": _("When they were told"),
    "source": _("Source"),
    "scope": _("What was opened"),
    "desk": _("Desk"),
    "staffed": _("Staffed"),
    "act": _("What was done to an account"),
    "after_order": _("Within 30 days after an order about it"),
    "type": _("What it is about"),
    "count": _("Number"),
    "median_minutes": _("Minutes (median)"),
    "median_days": _("Days (median)"),
}
# Of the steps that an order can have come to, in the order of a table's columns.
REACHED: Words = {
    "received": _("Orders received"),
    "refused": _("Refused"),
    "challenged": _("Challenged"),
    "narrowed": _("Narrowed"),
    "executed": _("Carried out"),
    "not_executed": _("Not carried out in time"),
    "withdrawn": _("Withdrawn"),
    "quashed": _("Quashed"),
}
OUTCOMES: Words = {**words.OUTCOMES, "open": _("nothing yet")}
# What the lines of the ledger are about.
TYPES: Words = {
    "ORDER": _("An order of a public authority came"),
    "AUTHORITY": _("The desk made sure who asks"),
    "ADDED": _("What an authority added to its order"),
    "CONTACT": _("The desk made sure whom to answer"),
    "ORDER_STATE": _("A step with an order"),
    "APPROVAL": _("One of two approvals"),
    "MEASURE": _("A measure"),
    "DISCLOSURE": _("What may be told of people, field by field"),
    "HANDED": _("What was told of people, field by field"),
    "APPLICATION_COUNT": _("How many people a measure has met"),
    "RESTORATION": _("What a measure did was undone"),
    "REPORTS_COUNT": _("How many notices people sent"),
    "GLASS": _("A look behind the glass"),
    "REGION_REFUSALS": _("Refused rather than held elsewhere, in one day"),
    "DESK": _("Whether a desk was staffed on a day"),
    "TERMINAL": _("Something was done to one account at the terminal"),
    "NODE": _("A media engine was added, changed or taken out"),
    "KEY": _("A public key of this server came, changed or went"),
    "RELEASE": _("What visitors’ browsers are given was replaced"),
    "STAFF_RULE": _("In which countries staff may work was changed"),
    "OPENINGS": _("What a report opens was fixed"),
    "REPORT": _("A report was made"),
}
_VALUES: Mapping[str, Words] = {
    "type": TYPES,
    "kind": {**words.KINDS, **words.MEASURES},
    "outcome": OUTCOMES,
    "channel": words.CHANNELS,
    "category": words.AUTHORITIES,
    "reason": {
        **words.GROUNDS,
        "lists": _("The rules of the meeting, its organisation and this server allow no region."),
        "full": _("The regions that are allowed had no place."),
        "down": _("The regions that are allowed did not answer."),
        "ledger": _("The public ledger did not name the media engines of the regions that are allowed."),
        "moves": _("The call was just leaving a region where it may not be held any more."),
    },
    "state": {"acknowledged": _("its receipt was confirmed"), "executed": _("it was carried out"), "refused": _("it was refused")},
    "action": {"denied": _("not let in"), "removed": _("taken out")},
    "band": {"account": _("one account: whether it came is not said")},
    "people": {"account": _("one account: whether it came is not said")},
    "cause": {"expired": _("its time was over"), "withdrawn": _("it was withdrawn"), "quashed": _("a court has quashed it")},
    "deferred": {"0": _("at once"), "1-7": _("within 7 days"), "8-30": _("after 8 to 30 days"), "31-90": _("after 31 to 90 days")},
    "source": {"art16": _("Anybody (DSA, article 16)"), "trusted_flagger": _("Trusted flaggers")},
    "scope": {
        "log": _("Lines of a log"),
        "addresses": _("The addresses of an account"),
        "meeting": _("When a meeting took place, and with whom"),
    },
    "desk": {"orders": _("Orders of public authorities")},
    "staffed": {"yes": _("yes"), "no": _("no")},
    "act": words.TERMINAL,
    "after_order": {"yes": _("yes"), "no": _("no")},
}
_SEALED = "sealed"


def value(*, column: str, told: object) -> str:
    """Return a value of a table in the reader's language; one that has no word stands as it is, and one that says nothing as a dash.

    Args:
        column: in which column it stands.
        told: the value.
    """
    text = str(told)
    if text == _SEALED:
        return gettext("not opened")
    if column == "territory" and text in CODES:
        return words.called(text)
    if column == "field":
        return _fields(get_language() or "en").get(text, text or "—")
    return str(_VALUES.get(column, {}).get(text, text or "—"))


@cache
def _fields(language: str) -> Mapping[str, str]:
    """Return what each field that is kept is called, as whoever it is told of reads it on their notice."""
    return {one.name: f"{one.table}: {one.text}" for one in inventory.fields("fr" if language == "fr" else "en")}
