"""How far an account is qualified by a rule: what is remembered of each criterion, and what was published."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.pql import Tier


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """A criterion as of the newest reading: whether it is met, what was observed, and what was asked.

    `observed` are the facts that are known, by name, as texts. `first_seen`, `last_seen` and `evidence` are of when it
    was met: the first and the last evidence ever, and at most five events of the last.
    """

    met: bool
    required: str
    observed: Mapping[str, str] = field(default_factory=dict)
    first_seen: Instant | None = None
    last_seen: Instant | None = None
    evidence: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {
            "met": self.met,
            "required": self.required,
            "observed": dict(self.observed),
            "seen": [self.first_seen, self.last_seen],
            "evidence": list(self.evidence),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> CriterionStanding:
        """Read what `document` returned."""
        first_seen, last_seen = document["seen"]
        return cls(
            met=document["met"],
            required=document["required"],
            observed=document["observed"],
            first_seen=first_seen,
            last_seen=last_seen,
            evidence=tuple(document["evidence"]),
        )


@dataclass(frozen=True, slots=True)
class Qualification:
    """What is remembered of an account and a rule.

    `at` is the instant of the newest reading that was judged. `tier` and `score` are those published last,
    `qualified_at` is when `pql.qualified` was, `changed_on` the number of the UTC day of the last `pql.score_changed`,
    and `published` how many there were of all types.
    """

    at: Instant | None = None
    criteria: Mapping[str, CriterionStanding] = field(default_factory=dict)
    qualified: bool = False
    tier: Tier | None = None
    score: int | None = None
    qualified_at: Instant | None = None
    changed_on: int | None = None
    published: int = 0

    def document(self) -> dict[str, Any]:
        """Return what is stored: JSON, instants as whole numbers, without what is not known."""
        told = {
            "at": self.at,
            "criteria": {name: standing.document() for name, standing in self.criteria.items()},
            "qualified": self.qualified,
            "tier": self.tier,
            "score": self.score,
            "qualified_at": self.qualified_at,
            "changed_on": self.changed_on,
            "published": self.published,
        }
        return {name: value for name, value in told.items() if value is not None}

    def published_as(self, before: Qualification) -> Qualification:
        """Return how it stands where nothing was published since: so a lead that was not sent is found again."""
        return replace(
            self,
            qualified=before.qualified,
            tier=before.tier,
            score=before.score,
            qualified_at=before.qualified_at,
            changed_on=before.changed_on,
            published=before.published,
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Qualification:
        """Read what `document` returned; nothing was remembered where it is empty."""
        criteria = document.get("criteria", {})
        return cls(**{**document, "criteria": {name: CriterionStanding.read(each) for name, each in criteria.items()}})
