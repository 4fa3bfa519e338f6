"""What people do in the simulated product besides using what is metered: invite, try what is locked, share, connect."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.events import BUILT_IN_PREFIX

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from expansion_signals.local.customers import Customer
    from expansion_signals.model.catalog import Catalog

_INTEGRATIONS = ("slack", "jira", "salesforce", "zapier", "github", "hubspot")
_PRODUCTS = ("analytics", "automation")
_TOOLS = ("excel", "tableau", "looker")
_NETWORKS = 4
_REGIONS = ("emea", "amer", "apac")
_DEPARTMENTS = ("sales", "support", "engineering", "finance")
_ACCEPTED = 0.5


class Deed(NamedTuple):
    """An event type, and the data of one such event."""

    type: str
    data: Mapping[str, object]


class Deeds:
    """Draws deeds of customers: often what is common, now and then what is rare."""

    def __init__(self, catalog: Catalog, chance: random.Random) -> None:
        self._catalog = catalog
        self._chance = chance
        self._numbers = count(1)
        self._open: dict[str, list[str]] = {}
        common: list[tuple[Callable[[Customer, str], Deed], int]] = [
            (self._attempt, 20),
            (self._invite, 12),
            (self._come, 20),
            (self._share, 10),
            (self._look, 6),
            (self._export, 6),
            (self._connect, 4),
            (self._ask, 2),
            (self._leave, 1),
        ]
        self._draws = [draw for draw, _ in common]
        self._weights = [weight for _, weight in common]

    def draw(self, customer: Customer) -> Deed:
        """Return what one of the customer's people does now."""
        return self._chance.choices(self._draws, self._weights)[0](customer, self._chance.choice(customer.users))

    def _attempt(self, customer: Customer, user: str) -> Deed:
        included = self._catalog.plans[customer.plan].includes
        locked = [
            key for key, feature in self._catalog.features.items() if feature.meter is None and key not in included
        ]
        if not locked:
            return self._come(customer, user)
        return _deed("feature.attempted", feature=self._chance.choice(locked), user=user, surface="settings")

    def _invite(self, customer: Customer, user: str) -> Deed:
        open_invites = self._open.setdefault(customer.account, [])
        if open_invites and self._chance.random() < _ACCEPTED:
            invite = open_invites.pop()
            return _deed("seat.activated", member=f"m-{invite}", invite=invite)
        invite = f"i-{next(self._numbers)}"
        open_invites.append(invite)
        return _deed("seat.invited", invite=invite, user=user, invitee=f"p-{invite}")

    def _come(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- all draws are asked alike
        return _deed(
            "user.active",
            user=user,
            network=f"net-{self._chance.randrange(_NETWORKS)}",
            region=self._chance.choice(_REGIONS),
            department=self._chance.choice(_DEPARTMENTS),
        )

    def _share(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("content.shared", user=user, recipient=f"guest-{next(self._numbers)}", external=True)

    def _look(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("interest.shown", product=self._chance.choice(_PRODUCTS), user=user, how="view")

    def _export(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("data.exported", user=user, destination=self._chance.choice(_TOOLS))

    def _connect(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("integration.connected", integration=self._chance.choice(_INTEGRATIONS), user=user)

    def _ask(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("feedback.given", kind="request", product=self._chance.choice(_PRODUCTS))

    def _leave(self, customer: Customer, user: str) -> Deed:  # noqa: ARG002 -- the same
        return _deed("subscription.cancel_requested", user=user, reason="too expensive")


def _deed(noun: str, **content: object) -> Deed:
    return Deed(f"{BUILT_IN_PREFIX}{noun}.v1", content)
