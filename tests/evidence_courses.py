"""How each signal from events is reached: one table of those that count in a window, and those of single events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.admin_features import AdminFeatures
from expansion_signals.detect.cancel_requests import CancelRequests
from expansion_signals.detect.gates import Gates
from expansion_signals.detect.integrations import Integrations
from expansion_signals.detect.interest import Interest
from expansion_signals.detect.limit_hits import LimitHits
from expansion_signals.detect.networks import Networks
from expansion_signals.detect.product_requests import ProductRequests
from expansion_signals.detect.regions import Regions
from expansion_signals.detect.sharing import Sharing
from expansion_signals.detect.support_patterns import SupportPatterns
from expansion_signals.detect.team_growth import TeamGrowth
from expansion_signals.detect.use_cases import UseCases
from expansion_signals.detect.workflow_gaps import WorkflowGaps
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.rules.configuration import WatchRule
from watched_account import WatchedAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.detect.watches import Watch
    from expansion_signals.model.signals import Signal

START = parse_instant("2026-11-22T10:00:00Z")


class Course(NamedTuple):
    """A watch, the type of its events, the data of the n-th, how many are needed, and in how many days.

    `settled`: what was there long before the window is known, where the signal tells the new from it.
    """

    watch: Watch
    type: str
    data: Callable[[int], dict[str, Any]]
    needed: int
    days: int
    settled: bool = False

    @property
    def signal(self) -> str:
        return next(iter(self.watch.signals))


COURSES = (
    Course(Interest(), "interest.shown", lambda n: {"product": "analytics", "user": f"u{n % 2}"}, 3, 14),
    Course(WorkflowGaps(), "data.exported", lambda n: {"user": f"u{n % 2}", "destination": "excel"}, 5, 14),
    Course(Sharing(), "content.shared", lambda n: {"user": f"u{n % 2}", "external": True}, 5, 14),
    Course(TeamGrowth(), "seat.invited", lambda n: {"invite": f"i-{n}", "user": f"u{n % 2}"}, 3, 7),
    Course(Networks(), "user.active", lambda n: {"user": "ada", "network": f"n-{n}"}, 3, 7),
    Course(Regions(), "user.active", lambda n: {"user": "ada", "region": f"r-{n}"}, 2, 30, settled=True),
    Course(UseCases(), "feature.used", lambda n: {"feature": f"f-{n}", "user": "ada"}, 2, 14, settled=True),
    Course(SupportPatterns(), "support.ticket_opened", lambda n: {"feature": ("sso", "audit_log")[n % 2]}, 2, 30),
)

HIT = Course(LimitHits(), "limit.hit", lambda _: {"meter": "api_calls", "user": "ada"}, 1, 1)
CANCEL = Course(
    CancelRequests(), "subscription.cancel_requested", lambda _: {"user": "ada", "reason": "too expensive"}, 1, 1
)
INTEGRATION = Course(Integrations(), "integration.connected", lambda _: {"integration": "slack", "user": "ada"}, 1, 1)
ADMIN = Course(AdminFeatures(), "feature.attempted", lambda _: {"feature": "sso", "user": "ada"}, 1, 1)
PRODUCT = Course(
    ProductRequests(), "feedback.given", lambda _: {"kind": "request", "product": "analytics", "user": "ada"}, 1, 1
)
GATE = Course(Gates(), "feature.attempted", lambda n: {"feature": "sso", "user": f"u{n}"}, 2, 14)


class Walk(WatchedAccount):
    """An account on its way to a signal; each event is another one, `after` is its distance from `START` in µs."""

    def __init__(self, course: Course, **options: Any) -> None:  # noqa: ANN401 -- the options of a rule
        super().__init__(course.watch, [replace(WatchRule("rule", "v1", course.signal), **options)])
        self._course = course
        self._sent = 0
        if course.settled:
            self.goes(-200 * DAY)

    def goes(self, after: int = 0, **attributes: Any) -> list[Signal]:  # noqa: ANN401 -- attributes of the event
        """Let the next event of the course happen; return what its rule tells, which bare readings do not."""
        self._sent += 1
        told = self.told(after, self._course.data(self._sent), **attributes)
        return [signal for signal in told if signal.type != "reading"]

    def told(self, after: int, data: dict[str, Any], **attributes: Any) -> list[Signal]:  # noqa: ANN401 -- the same
        """Let an event with this data happen."""
        kind = f"expansion.{self._course.type}.v1"
        event = UsageEvent("/apps/web", f"e-{self._sent}-{after}", kind, "acct-1", START + after, data)
        return self.sees(event._replace(**attributes))

    def goes_often(self, times: int, after: int = 0) -> list[Signal]:
        """Let so many events happen at once."""
        return [signal for _ in range(times) for signal in self.goes(after)]
