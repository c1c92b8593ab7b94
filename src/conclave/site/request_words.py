"""What the page on orders of public authorities calls the rules that it shows."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conclave.accounts.staff_policy import Act, Extent
from conclave.authorities.policy import Policy
from conclave.gate.policy import Confidence

Words = Mapping[str, str | Promise]
POLICIES: Words = {
    Policy.REFUSE_ALL: _("This server refuses every order."),
    Policy.JUDICIAL_ONLY: _("On this server only what a court has ordered can lead to something being done."),
    Policy.LAWFUL_ADMIN: _("On this server also what an administration has lawfully ordered can lead to something being done."),
}
ACTS: Words = {
    Act.RECEIVE_ORDER: _("Write down an order that came otherwise than by the portal"),
    Act.READ_ORDER: _("Read an order"),
    Act.REVIEW_ORDER: _("Review it: ask for what is missing, refuse it, challenge it"),
    Act.DRAFT_MEASURE: _("Draft a measure"),
    Act.APPROVE_MEASURE: _("Approve a measure"),
    Act.LIFT_MEASURE: _("Undo a measure"),
}
EXTENTS: Words = {
    Extent.NEXUS: _("only what connects it with a case"),
    Extent.OWN_CASE: _("only of their own case"),
    Extent.METADATA: _("without what it says"),
    Extent.SECOND: _("only together with a second person"),
}
# What somebody might ask for: a court of China whose order names China and Hong Kong.
DRAFTS: Words = {
    "right": _("People in China, for a week, in one meeting"),
    "elsewhere": _("People in the United States, whom the order does not name"),
    "beyond": _("People in Hong Kong, whom the order names, but where that court is not competent"),
    "no_territory": _("Everybody, wherever they are"),
    "no_end": _("People in China, without an end"),
    "too_long": _("People in China, for longer than the longest time"),
    "nobody": _("People in China, in all meetings at once"),
    "both": _("People in China, in one meeting and one account at once"),
}
SURE: Words = {
    Confidence.HIGH: _("both databases agree"),
    Confidence.LOW: _("the databases disagree, or something hides where they are"),
    Confidence.NONE: _("nothing is known"),
}
