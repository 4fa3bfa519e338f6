"""Questions to ask in a review: each follows from something that the evidence says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.cli.words_of_numbers import change_text
from expansion_signals.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.cli.feature_use import FeatureUse
    from expansion_signals.cli.opportunities import Opportunities
    from expansion_signals.cli.quarters import MeterUse
    from expansion_signals.cli.readiness import Answer
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.instants import Instant

_MOST = 8
_MOST_NAMED = 3
_RENEWAL_NEAR = 90 * DAY
_UNHAPPY = 0


def questions_of(  # noqa: PLR0913, PLR0917 -- everything that a brief says
    profile: Account,
    features: Sequence[FeatureUse],
    answers: Sequence[Answer],
    found: Opportunities,
    uses: Sequence[MeterUse],
    now: Instant,
    *,
    sells: bool,
) -> Sequence[str]:
    """Return questions, the most pressing first; of offers only where something may be sold."""
    asked = [
        *_of_leaving(answers, found),
        *_of_the_relationship(profile, now),
        *_of_limits(features),
        *_of_use(answers, features, uses),
        *(_of_offers(found) if sells else ()),
    ]
    return list(dict.fromkeys(asked))[:_MOST]


def _of_leaving(answers: Sequence[Answer], found: Opportunities) -> Iterator[str]:
    if found.retention:
        yield "What has changed for you since you began with us, and what would make you stay?"
    if _answer(answers, "trajectory") == "falling":
        yield "You use less than a month ago: did a project end, or did something get in the way?"


def _of_the_relationship(profile: Account, now: Instant) -> Iterator[str]:
    if profile.nps is not None and profile.nps < _UNHAPPY:
        yield "You told us that you would not recommend us: what is the one thing to mend first?"
    if profile.renewal_at is not None and 0 <= profile.renewal_at - now < _RENEWAL_NEAR:
        yield "Your renewal is near: what must be true by then for you to go on?"


def _of_limits(features: Sequence[FeatureUse]) -> Iterator[str]:
    for each in [each for each in features if each.state == "near"][:_MOST_NAMED]:
        yield f"You have used {each.reading} that your plan includes: how much will you need next quarter?"


def _of_use(answers: Sequence[Answer], features: Sequence[FeatureUse], uses: Sequence[MeterUse]) -> Iterator[str]:
    growing = max((use for use in uses if use.growth and use.growth > 0), key=lambda use: use.growth or 0, default=None)
    if growing is not None and growing.growth is not None:
        more = change_text(growing.growth)
        yield f"You use {more} of {growing.meter.key} than a quarter ago: what drives it, and will it last?"
    unused = [each.key for each in features if each.state == "unused"]
    if unused:
        yield f"You have never used {', '.join(unused[:_MOST_NAMED])}: is it not needed, or not known?"
    if _answer(answers, "coverage") == "low":
        yield "Which teams could work with it that do not yet?"


def _of_offers(found: Opportunities) -> Iterator[str]:
    for each in found.expansion[:_MOST_NAMED]:
        if each.step is not None:
            yield f"What would {each.title[:1].lower()}{each.title[1:]} let you do that you cannot do today?"
    if not found.expansion:
        yield "What do you plan for the next quarter that you would like us to know of?"


def _answer(answers: Sequence[Answer], question: str) -> str | None:
    return next((each.answer for each in answers if each.question == question), None)
