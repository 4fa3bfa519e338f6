from __future__ import annotations

from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.rules.loading import load
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.worker.status import StageStatus, Status

FILES = {"catalog.yaml": "currency: USD\nplans: [{key: free, price: 0}]", "rules.yaml": "rules: []"}


def judged_under(epoch: int, archive: MemoryArchive | None = None) -> Epochs:
    return Epochs(archive or MemoryArchive(), epoch, load(FILES))


def working(**stages: StageStatus) -> Status:
    return Status(start=None, epochs=judged_under(3), stages=stages)


def at_rest(since: float = 0.0) -> StageStatus:
    return StageStatus(begun=True, caught_up=True, busy_at=since)


def test_a_worker_that_has_just_been_made_is_starting() -> None:
    assert Status().report()["starting"] == "starting"


def test_a_worker_that_is_starting_is_not_ready() -> None:
    assert not Status(start="Redis does not answer", stages={"metering": at_rest()}).ready()


def test_a_worker_without_stages_is_not_ready() -> None:
    assert not working().ready()


def test_a_worker_is_ready_once_every_stage_has_its_partitions() -> None:
    assert working(metering=at_rest(), deciding=at_rest()).ready()


def test_a_worker_with_a_stage_without_partitions_is_not_ready() -> None:
    assert not working(metering=at_rest(), deciding=StageStatus()).ready()


def test_a_worker_that_waits_for_a_server_is_not_ready() -> None:
    waiting = StageStatus(begun=True, waits_for="Kafka at localhost:9092 does not answer")
    assert not working(metering=waiting).ready()


def test_a_worker_that_is_behind_is_ready_all_the_same() -> None:
    assert working(metering=StageStatus(begun=True, caught_up=False)).ready()


def test_the_report_names_what_each_stage_waits_for() -> None:
    stage = StageStatus(begun=True, waits_for="Redis does not answer", lag={"usage-events/0": 12})
    assert working(metering=stage).report() == {
        "ready": False,
        "starting": None,
        "configuration_epoch": 3,
        "configuration_problems": [],
        "stages": {
            "metering": {
                "assigned": True,
                "caught_up": False,
                "waits_for": "Redis does not answer",
                "held": None,
                "lag": {"usage-events/0": 12},
                "late_shards": 0,
            }
        },
    }


async def test_the_report_has_the_epoch_that_another_worker_has_moved_us_to() -> None:
    archive = MemoryArchive()
    archive.accept(FILES)
    archive.accept(FILES)
    epochs = judged_under(1, archive)
    status = Status(epochs=epochs)
    await epochs.advance(2)
    assert status.report()["configuration_epoch"] == 2


def test_a_worker_that_has_accepted_no_configuration_yet_reports_epoch_0() -> None:
    assert Status().report()["configuration_epoch"] == 0


def test_a_worker_is_idle_since_its_last_stage_had_work() -> None:
    assert working(metering=at_rest(since=5.0), deciding=at_rest(since=7.5)).idle_since() == 7.5


def test_a_worker_with_a_stage_that_is_behind_is_not_idle() -> None:
    assert working(metering=at_rest(), deciding=StageStatus(begun=True)).idle_since() is None


def test_a_worker_that_waits_for_a_server_is_not_idle() -> None:
    waiting = StageStatus(begun=True, caught_up=True, waits_for="Redis does not answer")
    assert working(metering=waiting).idle_since() is None


def test_a_worker_that_is_held_is_not_ready() -> None:
    assert not working(metering=StageStatus(begun=True, held="too many dead letters")).ready()


def test_a_worker_that_is_held_waits_for_somebody_to_look() -> None:
    held = StageStatus(begun=True, held="too many dead letters")
    assert working(metering=at_rest(), deciding=held).waits_for() == "too many dead letters"
