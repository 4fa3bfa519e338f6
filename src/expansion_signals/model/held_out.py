"""Which accounts a rule holds out: what it finds of them is decided and not sent, for comparison (`holdout`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_PARTS = 100_000_000
"""Into how many parts accounts fall: a share is written with six digits of a percent at most."""


def held_out(rule: str, share: Decimal | None, account: str) -> Mapping[str, bool]:
    """Return what a signal's data says of it: `holdout` where the account is in the rule's share, else nothing.

    `share` is a percentage, None where the rule holds nobody out. An account is in it by a hash of rule and account:
    the same whoever asks and whenever, and every account that is held out at 10 % is so at 20 %.
    """
    if share is None:
        return {}
    part = int(identity_of("holdout", rule, account), 16) % _PARTS
    return {"holdout": True} if part < share * _PARTS / 100 else {}
