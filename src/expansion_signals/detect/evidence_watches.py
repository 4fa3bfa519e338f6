"""The watches of single events and of counts of them in windows, one for each signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.admin_features import AdminFeatures
from expansion_signals.detect.cancel_requests import CancelRequests
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

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Watch

EVIDENCE_WATCHES: tuple[Watch, ...] = (
    LimitHits(),
    CancelRequests(),
    Integrations(),
    AdminFeatures(),
    ProductRequests(),
    Interest(),
    WorkflowGaps(),
    Sharing(),
    TeamGrowth(),
    Networks(),
    Regions(),
    UseCases(),
    SupportPatterns(),
)
