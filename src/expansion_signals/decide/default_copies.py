"""The copy of a rule that writes none, in English: what happened, and what a person gains. It never threatens.

Limits, gates, seats and milestones are shown to the people who use the product. Trends and leads are read by the
account team, and so is what says that a customer may leave: there the team is told to listen, and never to sell more.

A title and a body stand in several ways. The first of which every field has a value is taken; the last one names no
field, so one always is. Behind the body stands what is recommended, by its kind, or else what there is to gain or do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.copy_fields import FIELDS, OFFER
from expansion_signals.rules.copy_templates import read_template

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from expansion_signals.rules.copy_templates import Template


class Offer(NamedTuple):
    """How a recommendation of one kind is said, in several ways, and what the button says then."""

    said: tuple[Template, ...]
    action: str


class DefaultCopy(NamedTuple):
    """The copy of one kind of signal: `otherwise` stands behind the body where nothing is recommended."""

    titles: tuple[Template, ...]
    bodies: tuple[Template, ...]
    otherwise: str
    action: str
    dismiss: str
    offers: Mapping[str, Offer]


class _Texts(NamedTuple):
    titles: tuple[str, ...]
    bodies: tuple[str, ...]
    otherwise: str = ""
    action: str = "Open the account"
    dismiss: str = "Remind me later"


_SHOWN_TO_USERS = {
    "limit.reached": _Texts(
        ("{usage} of {limit} {unit} used", "{usage} {unit} used", "Your usage is growing"),
        ("You have used {usage} of {limit} {unit}.", "You have used {usage} {unit}.", "Your usage is growing."),
        otherwise="With more room, you can go on just as you do now.",
        action="See your options",
    ),
    "feature.gated": _Texts(
        ("{feature} can be yours", "There is more for you here"),
        ("You tried {feature}, and it can become part of your plan.", "What you tried can become part of your plan."),
        otherwise="See what it does for you.",
        action="See how to get it",
    ),
    "seat_limit.approached": _Texts(
        ("Seats in use: {used} of {allowance}", "Your team is growing"),
        ("Your team is growing. Seats in use: {used} of {allowance}.", "Your team is growing."),
        otherwise="With a few more seats, whoever comes next can start at once.",
        action="See your seats",
    ),
    "seat_limit.invited": _Texts(
        ("Make room for the person you invited",),
        (
            "Seats in use: {used} of {allowance}. With a seat, the person you invited can start at once.",
            "With a seat, the person you invited can start at once.",
        ),
        action="See your seats",
        dismiss="Not now",
    ),
    "seat_limit.last_taken": _Texts(
        ("Your team has filled its seats",),
        ("Seats in use: {used} of {allowance}.", "Every seat of your team is in use."),
        otherwise="With a few more, whoever comes next can start at once.",
        action="See your seats",
    ),
    "milestone.reached": _Texts(
        ("{milestone} {unit}: well done", "Well done"),
        ("You have reached {milestone} {unit}.", "You have reached a milestone."),
        otherwise="Here is to what comes next.",
        action="See what comes next",
    ),
}

_READ_BY_THE_TEAM = {
    "usage.accelerated": _Texts(
        ("{account} uses more", "An account uses more"),
        ("{usage} {unit} in {window}, {growth} more than the {previous} before.", "Its usage grows."),
    ),
    "usage.run_out_forecast": _Texts(
        ("{account} reaches a limit on {runs_out_at}", "An account will reach a limit"),
        (
            "{usage} of {limit} {unit} used, at {per_day} a day: the limit is reached on {runs_out_at}.",
            "At the present rate a limit is reached before the period ends.",
        ),
        otherwise="There is time to talk about more room.",
    ),
    "volume.grown": _Texts(
        ("The data of {account} grows", "The data of an account grows"),
        ("{usage} {unit} in {window}, {growth} more than the {previous} before.", "Its data grows."),
    ),
    "use_case.added": _Texts(
        ("{account} finds new uses", "An account finds new uses"),
        ("Used for the first time within {window}: {features}.", "It uses what it did not use before."),
    ),
    "integration.connected": _Texts(
        ("{account} connected {integration}", "An account connected an integration"),
        ("{integration} is now part of how they work.", "The product is now part of how they work."),
    ),
    "power_user.reached": _Texts(
        ("{account} is among the most active on its plan", "An account is among the most active on its plan"),
        ("{usage} {unit} in a day: among the top tenth of its plan.", "It is among the top tenth of its plan."),
    ),
    "admin_feature.requested": _Texts(
        ("{account} wants {feature}", "An account wants a feature for administrators"),
        ("Its plan does not include {feature}.", "Its plan does not include that."),
        otherwise="They may mean to use this in the whole company.",
    ),
    "support_pattern.found": _Texts(
        ("{account} asks for help with {features}", "An account asks for help with what a higher plan includes"),
        ("Tickets about {features} in {window}: {events}.", "Several tickets are about features of a higher plan."),
        otherwise="Help them first; a higher plan includes what they ask about.",
    ),
    "interest.grown": _Texts(
        ("{account} looks at {product}", "An account looks at another product"),
        ("Views and searches of {product} in {window}: {events}.", "It was looked at again and again."),
        otherwise="Show them what it does.",
    ),
    "workflow_gap.found": _Texts(
        ("{account} carries its work to other tools", "An account carries its work to other tools"),
        (
            "Exports in {window}: {events}, to {destinations}.",
            "Exports in {window}: {events}.",
            "It exports again and again.",
        ),
        otherwise="Ask what they do there, and show what spares them the way.",
    ),
    "product.requested": _Texts(
        ("{account} asked for {product}", "An account asked for another product"),
        ("Their feedback asks for {product}.", "Their feedback asks for it."),
        otherwise="Show them what it does.",
    ),
    "sharing.grown": _Texts(
        ("{account} shares with people outside", "An account shares with people outside"),
        ("Shared with people outside in {window}: {events}.", "It shares with people outside again and again."),
        otherwise="With seats of their own, they could work together.",
    ),
    "team.grown": _Texts(
        ("The team of {account} grows", "The team of an account grows"),
        ("Invited in {window}: {events}. In the time before: {previous}.", "More people are invited than before."),
    ),
    "network.added": _Texts(
        ("{account} works from several networks", "An account works from several networks"),
        ("In use within {window}: {networks}.", "There may be more teams or places than one."),
    ),
    "region.added": _Texts(
        ("{account} spreads", "An account spreads"),
        ("New within {window}: {values}.", "It is used where it was not before."),
    ),
    "renewal.near": _Texts(
        ("{account} renews on {renewal_at}", "A renewal is near"),
        (
            "The subscription renews on {renewal_at}; {percent} of {meter} is used.",
            "The subscription renews on {renewal_at}.",
            "The subscription renews soon.",
        ),
        otherwise="A good time to talk about what comes next.",
    ),
    "pql.qualified": _Texts(
        ("{account} is ready for more", "An account is ready for more"),
        (
            "Score {score}, tier {tier}: {criteria}.",
            "Score {score}: {criteria}.",
            "Score {score}.",
            "It meets the criteria.",
        ),
    ),
    "pql.score_changed": _Texts(
        ("The score of {account} is {score}", "The score of an account changed"),
        ("Score {score}, tier {tier}: {criteria}.", "Score {score}: {criteria}.", "Score {score}.", "It changed."),
    ),
}

_NOTHING_TO_OFFER = {
    "pql.disqualified": _Texts(
        ("{account} is no lead at the moment", "An account is no lead at the moment"),
        ("Score {score}.", "It does not meet the criteria now."),
        otherwise="See that they do well with what they have.",
    ),
}

_TO_KEEP_A_CUSTOMER = {
    "usage.declined": _Texts(
        ("{account} uses less", "An account uses less"),
        ("{usage} {unit} in {window}; in the time before {previous}.", "Its usage falls."),
        otherwise="Ask how they are doing.",
        action="Talk to them",
    ),
    "cancel.requested": _Texts(
        ("{account} began to cancel", "An account began to cancel"),
        ("The reason given: {reason}.", "No reason was given."),
        otherwise="Ask what they need, and listen.",
        action="Talk to them",
    ),
}


def _said(fields: Collection[str], *texts: str) -> tuple[Template, ...]:
    return tuple(read_template(text, fields) for text in texts)


def _offer(action: str, *texts: str) -> Offer:
    return Offer(_said(OFFER, *texts), action)


_TO_USERS = {
    "plan": _offer("Upgrade now", "Upgrade to {offer} for {price}.", "Upgrade to {offer} for more."),
    "add_on": _offer("Add it now", "Add {gain} for {price}.", "Add {offer} for {price}.", "Add {offer}."),
    "seats": _offer("Add seats", "Add {offer} for {price}.", "Add {offer}."),
    "capacity": _offer("Add more", "Add {gain} for {price}.", "Add {gain}.", "Add more for {price}."),
    "overage": _offer("See your usage", "You can go on: what you use beyond it is charged as you use it."),
    "contact_sales": _offer("Talk to us", "{offer} has more for you; talk to us.", "Talk to us about more."),
}
_SUGGESTED = _offer("Open the account", "Suggest {offer} for {price}.", "Suggest {offer}.", "Suggest more for {price}.")
_TO_THE_TEAM = {
    **dict.fromkeys(("plan", "add_on", "seats", "capacity"), _SUGGESTED),
    "overage": _offer("Open the account", "Going on and paying for what they use beyond the limit suits them best."),
    "contact_sales": _offer("Open the account", "Suggest {offer}, at a price to agree on.", "Suggest to talk."),
}
_TO_KEEP = {
    "lower_plan": _offer("Talk to them", "If it is the price, {offer} costs less.", "A lower plan may suit them."),
    "pause": _offer("Talk to them", "If something changes on their side, offer a pause."),
    "re_engage": _offer("Talk to them", "Help them to use again what they have."),
}


def _defaults(texts: Mapping[str, _Texts], offers: Mapping[str, Offer]) -> dict[str, DefaultCopy]:
    return {
        kind: DefaultCopy(
            titles=_said(FIELDS[KINDS[kind].rule], *each.titles),
            bodies=_said(FIELDS[KINDS[kind].rule], *each.bodies),
            otherwise=each.otherwise,
            action=each.action,
            dismiss=each.dismiss,
            offers=offers,
        )
        for kind, each in texts.items()
    }


DEFAULTS: Mapping[str, DefaultCopy] = {
    **_defaults(_SHOWN_TO_USERS, _TO_USERS),
    **_defaults(_READ_BY_THE_TEAM, _TO_THE_TEAM),
    **_defaults(_NOTHING_TO_OFFER, {}),
    **_defaults(_TO_KEEP_A_CUSTOMER, _TO_KEEP),
}
"""The default copy of every kind of signal that fires, by its type."""
