"""What a product sends, a method for each type of event: the names are those of the SDK's `Emitter`.

Each keyword is a property of the event's data (interfaces, Records in); what is None is left out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from expansion_signals.model.events import LIMIT_HIT, USAGE_RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal
    from typing import Literal


__tracebackhide__ = True  # a test that asks for what cannot be is shown where it asks, not where we refuse


class Options(TypedDict, total=False):
    """What every event may have beside its data; without `time` it happens now, without `id` it is a new one."""

    session: str | None
    time: datetime | str | None
    id: str | None
    traceparent: str | None
    backfill: bool


class ProductEvents(ABC):
    """The events of a product; whoever is one says what becomes of them.

    Times are aware, or RFC 3339 texts; values are whole numbers, decimals, or texts of such.
    """

    @abstractmethod
    def event(
        self,
        account: str,
        type: str,  # noqa: A002 -- the name it has in CloudEvents
        data: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Send an event of any type, such as one of the product's own."""

    def usage(
        self,
        account: str,
        *,
        meter: str,
        value: Decimal | float | str = 1,
        user: str | None = None,
        dimensions: Mapping[str, str] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that so much of a meter was used; less than zero corrects."""
        data = {"meter": meter, "value": value, "user": user, "dimensions": dimensions}
        self.event(account, USAGE_RECORDED, data, **options)

    def limit_hit(self, account: str, *, meter: str, user: str | None = None, **options: Unpack[Options]) -> None:
        """Say that the app refused an action at the limit."""
        self.event(account, LIMIT_HIT, {"meter": meter, "user": user}, **options)

    def feature_attempted(
        self, account: str, *, feature: str, user: str, surface: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a user tried a feature."""
        data = {"feature": feature, "user": user, "surface": surface}
        self.event(account, "expansion.feature.attempted.v1", data, **options)

    def feature_used(self, account: str, *, feature: str, user: str | None = None, **options: Unpack[Options]) -> None:
        """Say that a feature was used."""
        self.event(account, "expansion.feature.used.v1", {"feature": feature, "user": user}, **options)

    def seat_invited(  # noqa: PLR0913 -- what an invite says
        self,
        account: str,
        *,
        invite: str,
        user: str,
        invitee: str | None = None,
        role: str | None = None,
        blocked: bool | None = None,
        guest: bool | None = None,
        expires_at: datetime | str | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that `user` invited somebody."""
        data = {
            "invite": invite,
            "user": user,
            "invitee": invitee,
            "role": role,
            "blocked": blocked,
            "guest": guest,
            "expires_at": expires_at,
        }
        self.event(account, "expansion.seat.invited.v1", data, **options)

    def seat_activated(
        self, account: str, *, member: str, invite: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a member has taken a seat."""
        self.event(account, "expansion.seat.activated.v1", {"member": member, "invite": invite}, **options)

    def seat_removed(self, account: str, *, member: str, invite: str | None = None, **options: Unpack[Options]) -> None:
        """Say that a member's seat is free again."""
        self.event(account, "expansion.seat.removed.v1", {"member": member, "invite": invite}, **options)

    def invite_expired(self, account: str, *, invite: str, **options: Unpack[Options]) -> None:
        """Say that an invite has run out."""
        self.event(account, "expansion.invite.expired.v1", {"invite": invite}, **options)

    def invite_revoked(self, account: str, *, invite: str, **options: Unpack[Options]) -> None:
        """Say that an invite was taken back."""
        self.event(account, "expansion.invite.revoked.v1", {"invite": invite}, **options)

    def user_active(  # noqa: PLR0913 -- from where a user came
        self,
        account: str,
        *,
        user: str,
        network: str | None = None,
        department: str | None = None,
        role: str | None = None,
        region: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that a user was there, and from where."""
        data = {"user": user, "network": network, "department": department, "role": role, "region": region}
        self.event(account, "expansion.user.active.v1", data, **options)

    def content_shared(
        self,
        account: str,
        *,
        user: str,
        recipient: str | None = None,
        external: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that something was shared, perhaps with people who are not users."""
        data = {"user": user, "recipient": recipient, "external": external}
        self.event(account, "expansion.content.shared.v1", data, **options)

    def integration_connected(
        self, account: str, *, integration: str, user: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that an integration was connected."""
        data = {"integration": integration, "user": user}
        self.event(account, "expansion.integration.connected.v1", data, **options)

    def data_exported(
        self, account: str, *, user: str, destination: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that something left for another tool."""
        self.event(account, "expansion.data.exported.v1", {"user": user, "destination": destination}, **options)

    def interest_shown(
        self,
        account: str,
        *,
        product: str,
        user: str | None = None,
        how: Literal["view", "search"] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that another product was looked at or searched for."""
        self.event(account, "expansion.interest.shown.v1", {"product": product, "user": user, "how": how}, **options)

    def support_ticket_opened(
        self,
        account: str,
        *,
        feature: str | None = None,
        sentiment: float | None = None,
        product: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that a ticket was opened; `sentiment` from -1 to 1."""
        data = {"feature": feature, "sentiment": sentiment, "product": product}
        self.event(account, "expansion.support.ticket_opened.v1", data, **options)

    def feedback_given(
        self,
        account: str,
        *,
        kind: Literal["nps", "csat", "request"],
        score: float | None = None,
        product: str | None = None,
        feature: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that a customer gave feedback."""
        data = {"kind": kind, "score": score, "product": product, "feature": feature}
        self.event(account, "expansion.feedback.given.v1", data, **options)

    def subscription_cancel_requested(
        self, account: str, *, user: str | None = None, reason: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a cancellation was begun."""
        data = {"user": user, "reason": reason}
        self.event(account, "expansion.subscription.cancel_requested.v1", data, **options)

    def prompt_shown(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user was shown the prompt of a trigger, which is named by its id."""
        self.event(account, "expansion.prompt.shown.v1", {"trigger": trigger, "user": user}, **options)

    def prompt_dismissed(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user dismissed it."""
        self.event(account, "expansion.prompt.dismissed.v1", {"trigger": trigger, "user": user}, **options)

    def prompt_snoozed(
        self, account: str, *, trigger: str, user: str, until: datetime | str, **options: Unpack[Options]
    ) -> None:
        """Say that a user put it off."""
        data = {"trigger": trigger, "user": user, "until": until}
        self.event(account, "expansion.prompt.snoozed.v1", data, **options)

    def prompt_clicked(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user clicked on it."""
        self.event(account, "expansion.prompt.clicked.v1", {"trigger": trigger, "user": user}, **options)
