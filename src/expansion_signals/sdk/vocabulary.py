"""What a product app can say: a method for each built-in type of event, and one for its own.

Each takes the account first, then the properties of its type (interfaces, Records in), then the `Options` of any event.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Unpack

    from expansion_signals.sdk.values import Amount, Moment


class Options(TypedDict, total=False):
    """What any event may say besides its data.

    `session` is the user's visit. `time` is when it happened; without one, now. `id` is for what may be emitted again
    by a caller that starts over: the same id from the same source is counted once; without one, each call is an event
    of its own. `traceparent` is that of W3C Trace Context; one that is malformed is left out, as it asks. A `backfill`
    counts and fires nothing.
    """

    session: str | None
    time: Moment | None
    id: str | None
    traceparent: str | None
    backfill: bool


class Vocabulary(ABC):
    """The methods by which events are emitted."""

    @abstractmethod
    def event(
        self,
        account: str,
        type: str,  # noqa: A002 -- the attribute's name
        data: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Emit an event of any type; one of the product's own is counted once a meter of the catalog names it.

        `data` holds what JSON holds; a Decimal in it is written as text, as amounts are.
        """

    def usage(
        self,
        account: str,
        *,
        meter: str,
        value: Amount = 1,
        user: str | None = None,
        dimensions: Mapping[str, str] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that this much of a meter was used, by a user where one did."""
        data = {"meter": meter, "value": value, "user": user, "dimensions": dimensions}
        self.event(account, "expansion.usage.recorded.v1", data, **options)

    def limit_hit(self, account: str, *, meter: str, user: str | None = None, **options: Unpack[Options]) -> None:
        """Say that the app refused an action at the limit of a meter."""
        self.event(account, "expansion.limit.hit.v1", {"meter": meter, "user": user}, **options)

    def feature_attempted(
        self, account: str, *, feature: str, user: str, surface: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a user tried a feature, in the plan or not; `surface` is where."""
        data = {"feature": feature, "user": user, "surface": surface}
        self.event(account, "expansion.feature.attempted.v1", data, **options)

    def feature_used(self, account: str, *, feature: str, user: str | None = None, **options: Unpack[Options]) -> None:
        """Say that a feature was used."""
        self.event(account, "expansion.feature.used.v1", {"feature": feature, "user": user}, **options)

    def seat_invited(  # noqa: PLR0913 -- each is a property of the event
        self,
        account: str,
        *,
        invite: str,
        user: str,
        invitee: str | None = None,
        role: str | None = None,
        blocked: bool | None = None,
        guest: bool | None = None,
        expires_at: Moment | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Say that `user` invited somebody: `invitee` is an opaque id or a hash, never an address.

        `blocked` if the app refused it for want of a seat. An invite expires after 14 days unless it says when.
        """
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
        """Say that somebody took a seat, by this invite if there was one."""
        self.event(account, "expansion.seat.activated.v1", {"member": member, "invite": invite}, **options)

    def seat_removed(self, account: str, *, member: str, invite: str | None = None, **options: Unpack[Options]) -> None:
        """Say that a member's seat is free again."""
        self.event(account, "expansion.seat.removed.v1", {"member": member, "invite": invite}, **options)

    def invite_expired(self, account: str, *, invite: str, **options: Unpack[Options]) -> None:
        """Say that nobody took an invite in time."""
        self.event(account, "expansion.invite.expired.v1", {"invite": invite}, **options)

    def invite_revoked(self, account: str, *, invite: str, **options: Unpack[Options]) -> None:
        """Say that an invite was taken back."""
        self.event(account, "expansion.invite.revoked.v1", {"invite": invite}, **options)

    def user_active(  # noqa: PLR0913 -- each is a property of the event
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
        """Say that a user was there, and from where; once a day is enough."""
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
        """Say that a user shared something, `external` if with somebody who is no user."""
        data = {"user": user, "recipient": recipient, "external": external}
        self.event(account, "expansion.content.shared.v1", data, **options)

    def integration_connected(
        self, account: str, *, integration: str, user: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that an integration was connected."""
        self.event(account, "expansion.integration.connected.v1", {"integration": integration, "user": user}, **options)

    def data_exported(
        self, account: str, *, user: str, destination: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a user took something to another tool, the `destination`."""
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
        """Say that another product of the catalog was looked at or searched for."""
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
        """Say that a ticket was opened; `sentiment` is from -1 to 1."""
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
        """Say that somebody gave a score, or asked for something."""
        data = {"kind": kind, "score": score, "product": product, "feature": feature}
        self.event(account, "expansion.feedback.given.v1", data, **options)

    def subscription_cancel_requested(
        self, account: str, *, user: str | None = None, reason: str | None = None, **options: Unpack[Options]
    ) -> None:
        """Say that a cancellation was begun."""
        data = {"user": user, "reason": reason}
        self.event(account, "expansion.subscription.cancel_requested.v1", data, **options)

    def prompt_shown(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user saw the prompt of a trigger, which is named by its id."""
        self.event(account, "expansion.prompt.shown.v1", {"trigger": trigger, "user": user}, **options)

    def prompt_dismissed(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user closed the prompt."""
        self.event(account, "expansion.prompt.dismissed.v1", {"trigger": trigger, "user": user}, **options)

    def prompt_snoozed(
        self, account: str, *, trigger: str, user: str, until: Moment, **options: Unpack[Options]
    ) -> None:
        """Say that a user wants to be asked later."""
        data = {"trigger": trigger, "user": user, "until": until}
        self.event(account, "expansion.prompt.snoozed.v1", data, **options)

    def prompt_clicked(self, account: str, *, trigger: str, user: str, **options: Unpack[Options]) -> None:
        """Say that a user followed the prompt."""
        self.event(account, "expansion.prompt.clicked.v1", {"trigger": trigger, "user": user}, **options)

    def account_updated(  # noqa: PLR0913 -- each is a property of the snapshot
        self,
        account: str,
        *,
        version: int,
        plan: str,
        add_ons: Mapping[str, int] | None = None,
        limits: Mapping[str, Amount] | None = None,
        period: Mapping[str, Any] | None = None,
        time_zone: str | None = None,
        annual_value: Mapping[str, Any] | None = None,
        owner: str | None = None,
        open_opportunity: bool | None = None,
        members: Iterable[str] | None = None,
        roles_exempt: Iterable[str] | None = None,
        mrr: Mapping[str, Any] | None = None,
        first_purchase_at: Moment | None = None,
        renewal_at: Moment | None = None,
        language: str | None = None,
        nps: int | None = None,
        csat: float | None = None,
        status: Literal["active", "trialing", "past_due", "paused", "cancelled", "internal"] | None = None,
        opted_out: Iterable[str] | None = None,
        partner: str | None = None,
        usage: Mapping[str, Mapping[str, Any]] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Tell all that is known of an account: what is left out is as if it had never been told.

        One whose `version` is not greater than the last is ignored.
        """
        data = {
            "version": version,
            "plan": plan,
            "add_ons": add_ons,
            "limits": limits,
            "period": period,
            "time_zone": time_zone,
            "annual_value": annual_value,
            "owner": owner,
            "open_opportunity": open_opportunity,
            "members": members,
            "roles_exempt": roles_exempt,
            "mrr": mrr,
            "first_purchase_at": first_purchase_at,
            "renewal_at": renewal_at,
            "language": language,
            "nps": nps,
            "csat": csat,
            "status": status,
            "opted_out": opted_out,
            "partner": partner,
            "usage": usage,
        }
        self.event(account, "expansion.account.updated.v1", data, **options)
