"""Admin feature requested: somebody tried, or asked for, a way to administer the product that their plan lacks.

rule {signal: admin_feature_requested}, plan without `sso` and `audit_log`, cooldown 30 d

1 Nov   ada tries `sso`            `admin_feature.requested`: sso
2 Nov   bob asks for `sso`         silent for 30 days: once a feature
2 Nov   bob asks for `audit_log`   `admin_feature.requested`: audit_log
2 Nov   bob asks for `dashboards`  nothing: that administers nothing
3 Dec   ada tries `sso`            `admin_feature.requested`: sso, its second firing
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.firings import Firings
from expansion_signals.detect.gates import ATTEMPTED
from expansion_signals.detect.watches import Noticed
from expansion_signals.model.entitlements import is_included

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.rules.configuration import WatchRule

FEEDBACK_GIVEN = "expansion.feedback.given.v1"

ADMINISTRATIVE = frozenset({"sso", "saml", "scim", "audit_log", "permissions", "roles"})
"""Keys of features that administer a product, where a rule names none; a rule's `feature` names any other."""


class AdminFeatures:
    """The watch of administrative features, a note for each feature."""

    events = frozenset({ATTEMPTED, FEEDBACK_GIVEN})
    signals = frozenset({"admin_feature_requested"})

    def subject(self, event: UsageEvent) -> str | None:
        """Return the note of the feature that was tried or asked for."""
        feature = event.data.get("feature")
        asked = event.type == ATTEMPTED or event.data["kind"] == "request"
        return f"admin_feature:{feature}" if asked and feature else None

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Fire each rule of this feature that does not cool, where the plan does not include it."""
        feature = seen.event.data["feature"]
        if is_included(seen.catalog, seen.profile, feature):
            return Noticed(text)
        firings = Firings.read(note_text.read(text).get("fired", {}))
        how = "attempted" if seen.event.type == ATTEMPTED else "requested"
        did = "tried" if how == "attempted" else "asked for"
        why = f"{seen.text('user') or 'Somebody'} {did} {feature}; the plan does not include it"
        content = {"feature": feature, "how": how, "why": why}
        found = [
            signal
            for rule in firings.ready(seen, "admin_feature_requested")
            if _is_of(rule, feature)
            for signal in firings.fire("admin_feature.requested", seen, rule, content, (feature,))
        ]
        return Noticed(note_text.write(fired=firings.by_rule), found)


def _is_of(rule: WatchRule, feature: str) -> bool:
    return feature in ADMINISTRATIVE if rule.feature is None else rule.feature == feature
