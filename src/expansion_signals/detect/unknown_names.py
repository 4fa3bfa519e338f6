"""What a profile names that no catalog has: it counts all the same, and is told (semantics 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog

BUILT_IN_FEATURES = frozenset({"seats"})


class UnknownNames(NamedTuple):
    """A plan without which there are no limits; features and add-ons without which one limit is another."""

    plan: str | None
    limits: tuple[str, ...]
    add_ons: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return self != _NONE

    def described(self) -> list[str]:
        """Return each as a log or a screen names it."""
        plan = [f"plan {self.plan}"] if self.plan is not None else []
        return [*plan, *(f"limits.{key}" for key in self.limits), *(f"add_ons.{key}" for key in self.add_ons)]


_NONE = UnknownNames(None, (), ())


def unknown_names(account: Account, catalog: Catalog) -> UnknownNames:
    """Return what this snapshot names and the catalog does not have; `seats` is built in."""
    return UnknownNames(
        None if account.plan in catalog.plans else account.plan,
        tuple(sorted(account.limits.keys() - catalog.features.keys() - BUILT_IN_FEATURES)),
        tuple(sorted(account.add_ons.keys() - catalog.add_ons.keys())),
    )
