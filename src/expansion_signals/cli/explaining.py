"""What is known of one account: from the audit topics what was told, from Redis how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from expansion_signals.cli.account_overview import Overview, overview_of
from expansion_signals.cli.account_words import under
from expansion_signals.cli.reading_past import past_of_account
from expansion_signals.decide.cases import Mutes
from expansion_signals.errors import RejectedState
from expansion_signals.model.windows import DAYS_KEPT, last_days
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.inspection import Inspection
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import tzinfo

    from expansion_signals.cli.reading_past import AccountPast
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings


@dataclass(frozen=True, slots=True)
class Explained:
    """One account at the instant `overview.now`, with what was told of it `since` then."""

    overview: Overview
    remembered: Remembered
    mutes: Mutes
    past: AccountPast
    since: Instant

    @property
    def zone(self) -> tzinfo:
        """The account's time zone; UTC where it is not known."""
        return zone_of(self.overview)


def zone_of(overview: Overview) -> tzinfo:
    """Return the time zone of an account; UTC where it is not known."""
    profile = overview.standing.profile
    return ZoneInfo(profile.account.time_zone) if profile else UTC


async def explained(settings: Settings, account: str, since: Instant, now: Instant) -> Explained:
    """Return what is known of an account.

    Raises:
        StateUnavailable, LogUnavailable: Redis or Kafka does not answer.
        RejectedState: there is no such deployment, topics are missing, or nothing is known of the account.
    """
    overview, remembered, mutes = await standing_now(settings, account, now)
    past = await past_of_account(settings, account, since)
    if overview.standing.is_empty and not past.happenings:
        raise RejectedState(
            f"nothing is known of account {account!r}{under(settings.prefix)}: nothing is kept of it, and "
            "no topic tells of it since then. Is the ID written as events have it in `subject`? "
            "--since 400d goes further back"
        )
    return Explained(overview, remembered, mutes, past, since)


async def standing_now(  # noqa: PLR0913 -- whose, when, and what is read of it
    settings: Settings,
    account: str,
    now: Instant,
    *,
    days: Sequence[int] | None = None,
    subjects: Collection[str] = (SEATS,),
    windows: Sequence[range] = (),
) -> tuple[Overview, Remembered, Mutes]:
    """Return how an account stands under the configuration in force, what deciding remembers, and what is muted.

    `days` are the UTC days whose sums are read, without them all that are kept for windows.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is no such deployment.
    """
    redis = connect(settings.redis.get_secret_value())
    read = last_days(now, DAYS_KEPT) if days is None else days
    try:
        shards = (await standing_deployment(Scripts(redis), settings.prefix)).shards
        inspection = Inspection(redis, prefix=settings.prefix)
        standing = await inspection.account(account, read, windows, list(subjects))
        configuration = load(await Deployment(redis, prefix=settings.prefix, shards=shards).texts(standing.epoch))
        decided = await RedisPolicy(redis, prefix=settings.prefix, shards=shards).decided([account])
        mutes = await RedisMutes(redis, prefix=settings.prefix).mutes()
    finally:
        await redis.aclose()
    return overview_of(standing, configuration, now, last_days(now, 14)), decided[account].remembered, Mutes(mutes)
