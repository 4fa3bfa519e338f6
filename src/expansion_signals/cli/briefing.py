"""Making a brief: what is read for it, and how it is written."""

from __future__ import annotations

import json
import shlex
import time
from typing import TYPE_CHECKING, Literal

from expansion_signals.cli.account_words import under
from expansion_signals.cli.brief import brief_of
from expansion_signals.cli.explaining import standing_now, zone_of
from expansion_signals.cli.feature_use import NOTE
from expansion_signals.cli.opportunities import LOOKED_BACK
from expansion_signals.cli.quarters import days_of_two_quarters
from expansion_signals.cli.reading_past import past_of_account
from expansion_signals.errors import RejectedState
from expansion_signals.model.instants import DAY
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from datetime import tzinfo

    from expansion_signals.cli.brief import Brief
    from expansion_signals.settings import Settings

Form = Literal["markdown", "html", "json"]


async def briefed(settings: Settings, account: str) -> tuple[Brief, tzinfo]:
    """Return the brief of an account, and its time zone.

    Raises:
        StateUnavailable, LogUnavailable: Redis or Kafka does not answer.
        RejectedState: there is no such deployment, topics are missing, or no profile of the account is here.
    """
    now = time.time_ns() // 1_000
    overview, remembered, _ = await standing_now(
        settings, account, now, days=days_of_two_quarters(now), subjects=(SEATS, NOTE)
    )
    if overview.standing.profile is None:
        raise RejectedState(
            f"no profile of account {account!r} is kept{under(settings.prefix)}, so there is no plan to speak of. "
            f"What is counted: expansion-signals account show {shlex.quote(account)}"
        )
    past = await past_of_account(settings, account, now - LOOKED_BACK * DAY)
    brief = brief_of(overview, remembered, past.happenings)
    assert brief is not None  # noqa: S101 -- it has a profile
    return brief, zone_of(overview)


def written(brief: Brief, zone: tzinfo, form: Form) -> str:
    """Return a brief in this form."""
    if form == "json":
        from expansion_signals.cli.brief_document import document_of  # noqa: PLC0415 -- one of the three is wanted

        return json.dumps(document_of(brief), ensure_ascii=False) + "\n"
    if form == "html":
        from expansion_signals.cli.brief_html import page_of  # noqa: PLC0415 -- the same

        return page_of(brief, zone)
    from expansion_signals.cli.brief_markdown import markdown_of  # noqa: PLC0415 -- the same

    return markdown_of(brief, zone)
