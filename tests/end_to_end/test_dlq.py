"""`dlq list`, `show` and `replay` as an operator types them, on dead letters of every topic that workers read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.counters import counters
from outside.deployment import DEAD_LETTERS, PROMPTS, SIGNALS, Deployment
from outside.product import profile_event, structured, usage_event
from outside.worker import command
from servers.waiting import until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

    Done = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.servers

LARGEST = 2**63 - 1
HOSTILE = b'{"specversion":"1.0","id":"\xc2\x9b31m","id":"twice","huge":1e999,"deep":[[1]]}'
NOT_TEXT = b"\x00\xff\x1b[2J"
UPDATES = "account-updates"


def forged(**instead: str) -> list[tuple[str, bytes]]:
    """Return the headers of a dead letter that nobody of ours wrote."""
    said = {
        "code": "unparsable",
        "message": "forged \x1b[31m",
        "topic": "usage-events",
        "partition": "0",
        "offset": "999",
        "first_failed_at": "2026-11-22T10:00:00Z",
        "last_failed_at": "2026-11-22T10:00:00Z",
        "attempts": "1",
        **instead,
    }
    return [(f"dlq_{name}", value.encode()) for name, value in said.items()]


class Seen(NamedTuple):
    prefix: str
    places: Mapping[str, str]
    listed: Mapping[str, Sequence[Mapping[str, Any]]]
    table: Done
    shown: Mapping[str, Done]
    dry: Done
    replays: Sequence[Done]
    one: Sequence[Done]
    originals: Mapping[str, Sequence[Found]]
    letters: Sequence[Found]
    outcomes: Mapping[str, int]
    brimful: int


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("dlq")) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product

        def dlq(*arguments: str) -> Done:
            return command(deployment.settings, "dlq", *arguments)

        def lines(*arguments: str) -> Sequence[Mapping[str, Any]]:
            done = dlq("list", "--json", *arguments)
            assert done.returncode == 0, done.stderr
            return [json.loads(line) for line in done.stdout.splitlines()]

        def buried(number: int) -> None:
            until(
                lambda: len(deployment.records(DEAD_LETTERS)) >= number,
                seconds=20,
                waiting_for=f"{number} dead letters",
            )

        product.profile("brimful", "enterprise")
        product.send(usage_event("brimful", LARGEST))
        worker.until_settled(1)
        wrong = {
            "full": (usage_event("brimful", 7), "usage-events"),
            "wrong": (usage_event("wrong", "many"), "usage-events"),
            "older": ({**profile_event("older", "free", 1), "data": {"version": 1}}, UPDATES),
            "update": ({**profile_event("update", "free", 1), "data": {"version": 1}}, UPDATES),
        }
        for name, (event, topic) in wrong.items():
            product.raw(json.dumps(event).encode(), key=name.encode(), headers=structured(), topic=topic)
        product.profile("older", "free", version=2)
        product.raw(HOSTILE, key=b"hostile", headers=structured())
        product.raw(NOT_TEXT, key=b"\xff\xfe", headers=[("trace\x1b", b"\x00\x01")])
        product.raw(b"no signal", key=b"signal", topic=SIGNALS)
        product.raw(b"no prompt", key=b"prompt", topic=PROMPTS)
        worker.until_settled(5)
        for topic, records in ((UPDATES, 4), (SIGNALS, 1), (PROMPTS, 1)):
            worker.until_told(topic, records)
        product.raw(b"x", key=b"cut", headers=forged(truncated="9000000"), topic=DEAD_LETTERS)
        product.raw(
            b"x",
            key=b"nowhere",
            headers=forged(topic=f"{deployment.prefix}usage-events", partition="999999"),
            topic=DEAD_LETTERS,
        )
        product.raw(b"x", key=b"elsewhere", headers=forged(topic="payroll"), topic=DEAD_LETTERS)
        product.raw(b"x", key=b"no-letter", topic=DEAD_LETTERS)

        listed = {
            "all": lines(),
            "code": lines("--code", "overflow"),
            "topic": lines("--topic", PROMPTS),
            "account": lines("--account", "wrong"),
            "until": lines("--until", "1h"),
        }
        letters = deployment.records(DEAD_LETTERS)
        places = {
            (each.key or b"").decode("latin-1"): f"{DEAD_LETTERS}/{each.partition}/{each.offset}" for each in letters
        }
        origin = {
            each["account"]: "{topic}/{partition}/{offset}".format(**each["from"])
            for each in listed["all"]
            if "from" in each
        }
        shown = {
            "letter": dlq("show", places["hostile"]),
            "record": dlq("show", origin["wrong"]),
            "bytes": dlq("show", places["\xff\xfe"]),
            "json": dlq("show", places["\xff\xfe"], "--json"),
            "nothing": dlq("show", "usage-events/0/123456789"),
            "no-place": dlq("show", "somewhere"),
        }
        table, dry = dlq("list"), dlq("replay", "--dry-run", "--json")
        product.send(usage_event("brimful", -10))
        worker.until_settled(6)
        replays = [dlq("replay", "--json")]
        worker.until_settled(10)
        buried(18)
        replays.append(dlq("replay", "--json"))
        worker.until_settled(13)
        buried(24)
        one = [dlq("replay", origin["wrong"]), dlq("replay", origin["wrong"], "--again"), dlq("replay", places["cut"])]
        worker.until_settled(14)
        buried(25)
        yield Seen(
            deployment.prefix,
            places,
            listed,
            table,
            shown,
            dry,
            replays,
            one,
            {topic: deployment.records(topic) for topic in ("usage-events", UPDATES, SIGNALS, PROMPTS)},
            deployment.records(DEAD_LETTERS),
            worker.tallies(),
            counters(redis_server.url, deployment.prefix, ["brimful"])["brimful"],
        )


def told(done: Done) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(done.stdout)
    return document


def of(found: Sequence[Found], key: bytes) -> list[Found]:
    return [each for each in found if each.key == key]


def test_every_dead_letter_is_listed(seen: Seen) -> None:
    assert len(seen.listed["all"]) == 12


def test_a_listed_letter_names_its_record_its_cause_and_its_account(seen: Seen) -> None:
    [letter] = seen.listed["code"]
    known = {name: letter[name] for name in ("code", "account", "attempts", "truncated")}
    assert (known, letter["from"]["topic"]) == (
        {"code": "overflow", "account": "brimful", "attempts": 1, "truncated": None},
        f"{seen.prefix}usage-events",
    )


def test_letters_are_found_by_the_topic_of_their_record(seen: Seen) -> None:
    assert [each["account"] for each in seen.listed["topic"]] == ["prompt"]


def test_letters_are_found_by_account(seen: Seen) -> None:
    assert [each["code"] for each in seen.listed["account"]] == ["invalid_data"]


def test_letters_are_found_by_time(seen: Seen) -> None:
    assert seen.listed["until"] == []


def test_the_table_counts_by_code(seen: Seen) -> None:
    assert "12 dead letters: " in seen.table.stdout


@pytest.mark.parametrize("where", ["letter", "record", "bytes"])
def test_nothing_that_a_terminal_obeys_is_shown(seen: Seen, where: str) -> None:
    shown = seen.shown[where].stdout + seen.table.stdout
    assert {each for each in shown if not each.isprintable()} == {"\n"}


def test_json_is_shown_in_lines_with_every_key_and_number_as_it_was_written(seen: Seen) -> None:
    assert HOSTILE.decode().replace("\x9b", "\\x9b") in seen.shown["letter"].stdout


def test_a_letter_is_shown_by_the_place_of_its_record(seen: Seen) -> None:
    assert '    "value": "many",\n' in seen.shown["record"].stdout


def test_bytes_that_are_no_text_are_shown_escaped(seen: Seen) -> None:
    assert "\\x00\\xff\\x1b[2J" in seen.shown["bytes"].stdout


def test_bytes_that_are_no_text_are_in_base64_for_scripts(seen: Seen) -> None:
    assert told(seen.shown["json"])["value_base64"] == "AP8bWzJK"


@pytest.mark.parametrize(("where", "code"), [("record", 0), ("nothing", 1), ("no-place", 2)])
def test_show_says_by_its_exit_code_whether_there_is_one(seen: Seen, where: str, code: int) -> None:
    assert seen.shown[where].returncode == code


def test_a_dry_run_tells_what_would_be_replayed_and_sends_nothing(seen: Seen) -> None:
    dry, first = told(seen.dry), told(seen.replays[0])
    assert (dry["by_code"], dry["replayed_before"], dry["replayed"]) == (first["by_code"], 0, 7)


def test_what_cannot_be_replayed_is_told_with_its_reason_and_1(seen: Seen) -> None:
    reasons = sorted(each["reason"].partition(" ")[0] for each in told(seen.replays[0])["refused"])
    assert (reasons, seen.replays[0].returncode) == (["a", "it", "it", "its", "only"], 1)


@pytest.mark.parametrize(
    ("topic", "key"), [("usage-events", b"wrong"), (UPDATES, b"update"), (SIGNALS, b"signal"), (PROMPTS, b"prompt")]
)
def test_a_record_is_sent_to_its_topic_with_the_same_bytes_and_key(seen: Seen, topic: str, key: bytes) -> None:
    first, *again = of(seen.originals[topic], key)
    assert again
    assert {each.value for each in again} == {first.value}


def test_a_record_is_sent_with_its_headers(seen: Seen) -> None:
    first, again, *_ = of(seen.originals["usage-events"], b"\xff\xfe")
    assert again.headers[: len(first.headers)] == first.headers


def test_an_update_whose_account_has_a_later_one_is_not_sent(seen: Seen) -> None:
    assert len(of(seen.originals[UPDATES], b"older")) == 2


def test_what_fits_by_now_is_counted(seen: Seen) -> None:
    assert seen.brimful == LARGEST - 10 + 7


def test_what_fails_again_is_a_dead_letter_with_one_attempt_more(seen: Seen) -> None:
    attempts = [each.header["dlq_attempts"] for each in of(seen.letters, b"wrong")]
    assert attempts == [b"1", b"2", b"3", b"2"]


def test_a_second_replay_sends_what_failed_again_and_nothing_twice(seen: Seen) -> None:
    second = told(seen.replays[1])
    assert (second["replayed"], second["replayed_before"]) == (6, 7)


def test_a_letter_that_was_replayed_is_replayed_again_only_where_that_is_asked_for(seen: Seen) -> None:
    said = [done.stdout.splitlines()[0] for done in seen.one[:2]]
    assert said == ["replayed: no dead letter", "replayed: 1 invalid_data"]


def test_a_letter_that_was_cut_is_refused_with_the_reason(seen: Seen) -> None:
    assert (seen.one[2].returncode, "only its beginning was kept" in seen.one[2].stdout) == (1, True)


def test_the_books_balance(seen: Seen) -> None:
    assert seen.outcomes == {"counted": 3, "duplicate": 0, "unmatched": 0, "dead_lettered": 11}
