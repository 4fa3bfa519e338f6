"""Plans above an account's own that bring what it needs, worked out once for all that have what their plan has.

Those are most, and what they need is said by few rules: the same few answers are asked for again and again. What hangs
on one signal alone is not among them: how much is used by now, and what a price comes to for the rest of the period.
An account with limits or add-ons of its own is hardly ever like another, so its answer is not kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from expansion_signals.decide.needs import Conversation, Features, MoreOf
from expansion_signals.decide.plan_offers import next_plan, plans_with_features, plans_with_more
from expansion_signals.model.accounts import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.steps import Step
    from expansion_signals.model.catalog import Catalog


def plans_up(need: MoreOf | Features | Conversation, account: Account, catalog: Catalog) -> Sequence[Step]:
    """Return the plans that bring what is needed, in the order of the catalog (`plan_offers`).

    of more of a meter     all that bring more than there is, enough or not
    of features            those that include most of them
    for a conversation     the next that brings anything; the account's own plan stands in the catalog
    """
    if account.limits or account.add_ons:
        return _plans_up(need, account, catalog)
    if isinstance(need, MoreOf):
        need = MoreOf(need.meter, need.current, need.current, people=need.people)
    return _of_plan(need, account.plan, None if account.members is None else len(account.members), catalog)


@lru_cache(maxsize=1024)
def _of_plan(
    need: MoreOf | Features | Conversation, plan: str, members: int | None, catalog: Catalog
) -> Sequence[Step]:
    """Return the same for an account of which nothing but its plan and its number of people says limits and prices."""
    return _plans_up(need, Account(version=0, plan=plan, members=None if members is None else [""] * members), catalog)


def _plans_up(need: MoreOf | Features | Conversation, account: Account, catalog: Catalog) -> Sequence[Step]:
    match need:
        case MoreOf():
            return tuple(plans_with_more(need, account, catalog))
        case Features():
            return tuple(plans_with_features(need.keys, account, catalog))
        case Conversation():
            step = next_plan(account, catalog)
            return () if step is None else (step,)
