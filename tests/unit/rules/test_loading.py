from __future__ import annotations

import gc
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import pytest

import expansion_signals.local
from expansion_signals.configuration_files import read_directory
from expansion_signals.errors import RejectedConfiguration
from expansion_signals.model.instants import HOUR
from expansion_signals.rules.conditions import FACTS, Comparison
from expansion_signals.rules.loading import load
from expansion_signals.rules.rules_file import SHAPES
from expansion_signals.rules.unjudged import COUNTED, SCORED, WATCHED

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration

SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"

CATALOG = """\
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  exports: {event: com.acme.report.exported, aggregation: count}
  projects: {event: com.acme.project.created, aggregation: count, per: never, unit: project}
features:
  api_calls: {meter: api_calls}
  seats: {meter: seats}
  exports: {meter: exports}
  sso: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000, kind: hard}, seats: {limit: 3}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 100000, kind: soft}, exports: unlimited, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {api_calls: unlimited, seats: unlimited, sso: true}}
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 50000}}
"""
RULES = """\
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%, every 1000 after 100%]}
"""
EVERY_OPTION = """\
rules:
  - id: everything
    signal: limit_reached
    meter: api_calls
    at: [80%, 800, 200 remaining, every 1000, every 1000 after 100%, every 1000 after 5000]
    when: plan == free and not (utilization < 50% or health >= 50)
    enabled: true
    shadow: true
    fire_when_added: true
    max_firing_age: 30m
    cooldown: 14d
    cap: 1 per 7d
    holdout: 10%
    copy: {en: {title: Nearly there, body: "You used {usage}.", action: Upgrade, dismiss: Later}}
  - {id: hits, signal: limit_hit, meter: api_calls}
  - {id: gates, signal: feature_gated, feature: "*", attempts: 3, users: 2, within: 14d, cooldown: 30d}
  - {id: seats, signal: seat_limit_approached, at: [80%, 1 remaining]}
  - {id: invite, signal: seat_limit_invited}
  - {id: last, signal: seat_limit_last_taken}
  - {id: first-projects, signal: milestone, meter: projects, at: [10, 50, 100]}
  - {id: t1, signal: usage_accelerated, meter: api_calls, when: usage_growth > 10%}
  - {id: t2, signal: usage_declined, meter: api_calls}
  - {id: t3, signal: usage_run_out_forecast, meter: api_calls}
  - {id: t4, signal: use_case_added, within: 14d}
  - {id: t5, signal: volume_grown}
  - {id: t6, signal: admin_feature_requested, feature: sso}
  - {id: t7, signal: support_pattern_found, attempts: 2, within: 30d}
  - {id: t8, signal: workflow_gap_found, attempts: 5, within: 14d}
  - {id: t9, signal: product_requested}
  - {id: u1, signal: network_added}
  - {id: u2, signal: power_user_reached}
  - {id: u3, signal: interest_grown}
  - {id: u4, signal: sharing_grown}
  - {id: u5, signal: team_grown}
  - {id: u6, signal: region_added}
  - {id: u7, signal: integration_connected}
  - {id: u8, signal: renewal_near, when: days_to_renewal <= 90}
  - {id: u9, signal: cancel_requested}
  - {id: pql, signal: pql, qualify_at: 50, criteria: [{id: growth, when: usage_growth > 50%, within: 30d, points: 25},
                                                     {id: hits, when: limit_hits >= 3, within: 14d, points: 35}]}
policy:
  quiet_hours: {from: "20:00", to: "08:00"}
  account_cap: 10 per 1d
  session_cap: 3
  route_borders: [1000, 25000]
  tiers: {A: 85, B: 70}
"""
RICH_CATALOG = CATALOG.replace(
    "  - {key: enterprise",
    """\
  - key: business
    price: 249
    seat_price: {tiers: [{to: 10, price: "20"}, {to: 50, price: "15"}, {price: 12.50}]}
    capacity: [{meter: api_calls, amount: 10000, price: "8"}]
    includes: {api_calls: {limit: 100000, kind: soft, beyond: overage, unit_price: "0.001"}}
  - {key: scale, price: "9999", per: year, seat_price: "12", includes: {seats: {limit: unlimited}}}
  - {key: packs, price: "999", seat_price: {bundle: 5, price: "50"}}
  - {key: enterprise""",
)


def _load(catalog: str = CATALOG, rules: str = RULES) -> Configuration:
    return load({"catalog.yaml": catalog, "rules.yaml": rules})


def _problems(catalog: str = CATALOG, rules: str = RULES) -> list[str]:
    with pytest.raises(RejectedConfiguration) as rejected:
        _load(catalog, rules)
    return [str(problem) for problem in rejected.value.problems]


def _version(rule: str) -> str:
    return _load(rules=f"rules:\n  - {rule}\n").limit_rules[0].version


def test_the_sample_loads_without_a_warning() -> None:
    assert load(read_directory(SAMPLE)).warnings == ()


def test_the_sample_judges_every_rule_of_its_file() -> None:
    sample = load(read_directory(SAMPLE))
    rules = (*sample.limit_rules, *sample.milestone_rules, *sample.watch_rules, *sample.pql_rules)
    judged = {rule.id for rule in rules}
    assert judged == sample.rule_versions.keys()


def test_the_whole_language_of_rules_is_accepted() -> None:
    assert len(_load(rules=EVERY_OPTION).rule_versions) == EVERY_OPTION.count("signal: ")


def test_the_whole_language_of_catalogs_is_accepted() -> None:
    assert list(_load(RICH_CATALOG).catalog.plans) == ["free", "pro", "business", "scale", "packs", "enterprise"]


def test_every_signal_of_the_language_is_judged() -> None:
    assert SHAPES.keys() == COUNTED | WATCHED | SCORED


@pytest.mark.parametrize("option", ["cooldown: 1d", "cap: 1 per 7d"])
def test_a_rule_that_is_restrained_is_judged(option: str) -> None:
    configuration = _load(rules=RULES.replace("at:", f"{option}, at:"))
    assert (len(configuration.limit_rules), configuration.warnings) == (1, ())


def test_an_option_that_its_signal_does_not_take_leaves_the_rule_out() -> None:
    configuration = _load(rules="rules:\n  - {id: a, signal: integration_connected, within: 1d}\n")
    assert (configuration.watch_rules, len(configuration.warnings)) == ((), 1)


def test_a_rule_takes_its_condition_whether_it_is_tried_out_and_whom_it_holds_out() -> None:
    (rule,) = _load(rules=RULES.replace("at:", "when: plan = pro, shadow: true, holdout: 10%, at:")).limit_rules
    assert (rule.when, rule.shadow, rule.holdout) == (Comparison("plan", "==", "pro"), True, Decimal(10))


@pytest.mark.parametrize("fact", sorted(set(FACTS) - {"plan"}))
@pytest.mark.parametrize(
    "rule",
    [
        "signal: limit_reached, meter: api_calls, at: [80%]",
        "signal: milestone, meter: projects, at: [10]",
        "signal: feature_gated, feature: sso",
        "signal: seat_limit_invited",
        "signal: usage_accelerated",
    ],
)
def test_every_rule_may_ask_for_every_fact(rule: str, fact: str) -> None:
    configuration = _load(rules=f"rules:\n  - {{id: a, {rule}, when: {fact} > 1}}\n")
    judged = (*configuration.limit_rules, *configuration.milestone_rules, *configuration.watch_rules)
    assert (len(judged), configuration.warnings) == (1, ())


def test_a_meter_that_counts_each_once_has_no_milestones() -> None:
    catalog = CATALOG.replace("aggregation: count, per: never", "aggregation: unique, value: user")
    rules = "rules:\n  - {id: a, signal: milestone, meter: projects, at: [10]}\n"
    assert _problems(catalog, rules) == [
        "rules.yaml:2:39: `projects` is unique: who is a member is not kept for the life of an account"
    ]


def test_milestones_are_amounts_of_their_meter() -> None:
    (rule,) = _load(rules="rules:\n  - {id: a, signal: milestone, meter: projects, at: [10, 50]}\n").milestone_rules
    assert (rule.meter, [str(each) for each in rule.at]) == ("projects", ["10", "50"])


def test_a_rule_with_an_option_that_its_signal_does_not_take_is_not_judged() -> None:
    configuration = _load(rules=f"{RULES}  - {{id: p, signal: integration_connected, users: 2, within: 7d}}\n")
    assert (configuration.watch_rules, configuration.warnings) == (
        (),
        ("rules.yaml:3: rule `p`: integration_connected takes no `users` and no `within`, so the rule is not judged",),
    )


def test_a_disabled_rule_is_left_out_without_a_word() -> None:
    configuration = _load(rules=RULES.replace("at:", "enabled: false, at:"))
    assert (configuration.limit_rules, configuration.warnings) == ((), ())


def test_all_that_is_wrong_with_dimensions_is_said_at_once() -> None:
    meter = "{event: com.acme.sent, aggregation: unique, value: user, dimensions: [a, b, a, a-name-of-21-letters-, c]}"
    assert _problems(CATALOG.replace("meters:\n", f"meters:\n  sent: {meter}\n")) == [
        "catalog.yaml:3:78: 5 dimensions; a meter is split by at most 4",
        "catalog.yaml:3:78: `unique` is not split: the members of its parts would not add up; take `dimensions` out",
        "catalog.yaml:3:78: dimension `a` stands twice",
        "catalog.yaml:3:88: dimension `a-name-of-21-letters-` has 21 characters; at most 20",
    ]


@pytest.mark.parametrize("aggregation", ["sum", "count", "max", "unique", "latest"])
@pytest.mark.parametrize("per", ["period", "day", "hour", "never"])
def test_a_meter_of_every_aggregation_is_judged_per_everything(aggregation: str, per: str) -> None:
    value = "" if aggregation == "count" else "value: value, "
    configuration = _load(
        CATALOG.replace("aggregation: sum, value: value", f"aggregation: {aggregation}, {value}per: {per}")
    )
    assert (len(configuration.limit_rules), configuration.warnings) == (1, ())


def test_members_are_whole() -> None:
    with pytest.raises(RejectedConfiguration, match="`unique` counts whole members; leave `precision` out"):
        _load(CATALOG.replace("aggregation: sum", "aggregation: unique, precision: 2"))


def test_options_left_out_take_their_defaults() -> None:
    (rule,) = _load().limit_rules
    assert (rule.fire_when_added, rule.max_firing_age) == (False, HOUR)


def test_a_meter_of_latest_is_counted_per_never() -> None:
    assert _load(CATALOG.replace("aggregation: sum", "aggregation: latest")).catalog.meters["api_calls"].per == "never"


def test_a_limit_is_hard_unless_said_otherwise() -> None:
    assert _load().catalog.plans["free"].includes["seats"].kind == "hard"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("currency: USD", "currency: usd", "1:11: unknown currency `usd`; did you mean `USD`?"),
        ("currency: USD\n", "", "1:1: `currency` is missing"),
        ("aggregation: sum", "aggregation: summ", "3:91: unknown `summ`; did you mean `sum`?"),
        (", value: value", "", "3:14: `sum` needs `value`: the property of the event's data that holds the amount"),
        ("usage.recorded.v1", "usage.recorded.v2", "3:22: unknown built-in event type `expansion.usage.recorded.v2`; "),
        ("usage.recorded.v1", "usage.imported.v1", "3:22: unknown built-in event type `expansion.usage.imported.v1`; "),
        ("expansion.usage.recorded.v1", "usage.recorded", "3:22: unknown built-in event type `usage.recorded`; "),
        ("per: never", "per: nevr", "5:72: unknown `nevr`; did you mean `never`?"),
        ("unit: project", "precision: 10", "5:90: expected less than or equal to 9, got `10`"),
        ("unit: project", "precision: 1.5", "5:90: expected a whole number, got `1.5`"),
        (
            "features:\n",
            "  seats: {event: a, aggregation: count}\nfeatures:\n",
            "6:3: the meter `seats` is built in (members and pending invites); ",
        ),
        ("{meter: exports}", "{meter: exprots}", "9:20: unknown meter `exprots`; did you mean `exports`?"),
        ("sso: {}", "sso: {metre: exports}", "10:9: unknown key `metre`; did you mean `meter`?"),
        ('price: "49"', 'price: "-49"', '13:23: expected an amount of zero or more such as 1000 or "0.5", got `-49`'),
        ('price: "49"', 'price: "49.001"', "13:23: 49.001 has more than the 2 digits after the point that USD counts"),
        ('price: "49", ', "", "13:5: plan `pro` needs a `price`, or `contact_sales: true`"),
        ("key: pro", "key: free", "13:11: the plan `free` stands twice"),
        ("key: pro", "key: p r o", "13:11: expected a name of up to 64 letters, digits, `_`, `.` and `-`, got `p r o`"),
        ("exports: unlimited", "exprots: unlimited", "13:80: unknown feature `exprots`; did you mean `exports`?"),
        ("exports: unlimited", "exports: true", "13:89: feature `exports` is metered: expected a limit such as"),
        (
            "exports: unlimited",
            "exports: {kind: soft}",
            "13:89: feature `exports` is metered: expected a limit such as",
        ),
        ("exports: unlimited", "exports: 1000", "13:89: expected `true`, `unlimited` or a limit such as {limit: 1000}"),
        ("{limit: 3}", "{limit: -3}", "12:93: expected an amount of zero or more"),
        ("{limit: 3}", "{limit: 2.5}", "12:93: 2.5 has more than the 0 digits after the point that meter `seats`"),
        ("{limit: 3}", "{limit: 99999999999999999999}", "12:93: 99999999999999999999 is larger than a counter can"),
        ("{limit: 3}", "{limt: 3}", "12:86: unknown key `limt`; did you mean `limit`?"),
        ("kind: hard", "beyond: grace", "12:73: nothing goes on beyond a hard limit; expected `kind: soft`"),
        ("kind: soft", "unit_price: 1", "13:79: a unit price is charged for overage; expected `beyond: overage`"),
        ("sso: true}}\n  - {key: ent", "sso: {limit: 1}}}\n  - {key: ent", "13:105: feature `sso` is not metered: "),
        ("{api_calls: 50000}", "{api_cals: 50000}", "16:42: unknown feature `api_cals`; did you mean `api_calls`?"),
        ("{api_calls: 50000}", "{sso: 50000}", "16:42: feature `sso` is not metered: an add-on adds to a limit"),
        ("{api_calls: 50000}", "{api_calls: 0}", "16:53: expected an amount above zero, got `0`"),
    ],
)
def test_a_mistake_in_the_catalog_is_one_problem_at_its_place(old: str, new: str, problem: str) -> None:
    assert old in CATALOG
    expected = f"catalog.yaml:{problem}"
    assert [found[: len(expected)] for found in _problems(CATALOG.replace(old, new, 1))] == [expected]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("id: a, signal: limit_reached, meter: api_cals, at: [1]", "2:43: unknown meter `api_cals`; did you mean"),
        ("id: a, signal: limit_reachd, meter: api_calls", "2:21: unknown signal `limit_reachd`; did you mean `limit_r"),
        ("id: a", "2:5: `signal` is missing"),
        ("signal: cancel_requested", "2:5: `id` is missing"),
        ("id: a, signal: limit_reached, meter: api_calls", "2:5: `at` is missing"),
        ("id: a, signal: limit_reached, meter: api_calls, at: []", "2:58: expected at least one entry, got a list"),
        ("id: a, signal: limit_reached, meter: api_calls, at: 80%", "2:58: expected a list, got `80%`"),
        ("id: a, signal: limit_reached, meter: api_calls, at: [1, x]", "2:62: expected a threshold such as 80%"),
        ("id: a, signal: limit_reached, meter: api_calls, at: [80%, 80.0%]", "2:64: the threshold `80%` stands twice"),
        ("id: a, signal: limit_reached, meter: api_calls, at: [0.5]", "2:59: 0.5 has more than the 0 digits after"),
        ("id: a, signal: limit_reached, meter: api_calls, at: [every 0.5]", "2:59: 0.5 has more than the 0 digits"),
        ("id: a, signal: limit_reached, meter: exports, at: [80%]", "2:57: `80%` is never reached: no plan gives"),
        ("id: a, signal: limit_reached, meter: exports, at: [5 remaining]", "2:57: `5 remaining` is never reached: "),
        ("id: a, signal: limit_reached, meter: seats, at: [80%]", "2:43: seats have signals of their own; expected"),
        ("id: a, signal: seat_limit_invited, enabled: yes", "2:50: expected true or false, got `yes`"),
        ("id: a, signal: seat_limit_invited, cooldown: 30 days", "2:51: expected a duration such as 45s, 30m, 12h"),
        ("id: a, signal: seat_limit_invited, cap: 1 in 7d", "2:46: expected a cap such as `1 per 7d`, got `1 in 7d`"),
        ("id: a, signal: seat_limit_invited, holdout: 0.1", "2:50: expected a percentage above 0% and up to 100%"),
        (
            "id: a, signal: seat_limit_invited, copy: {en: {titel: x}}",
            "2:53: unknown key `titel`; did you mean `title`",
        ),
        ("id: a, signal: seat_limit_invited, when: plan == fre", "2:47: unknown plan `fre`; did you mean `free`?"),
        ("id: a, signal: seat_limit_invited, when: health > good", "2:47: `health` is a number; expected one, got"),
        ("id: a, signal: feature_gated, feature: ssso", "2:45: unknown feature `ssso`; did you mean `sso`?"),
        (
            'id: a, signal: feature_gated, feature: "*", event: com.acme.paywall.shown',
            "2:45: events of the product's own are attempts on one feature, got `*`; expected one of `api_calls`,",
        ),
        (
            "id: a, signal: feature_gated, feature: sso, event: feature.attempted",
            "2:57: expected an event type of the product's own, got `feature.attempted`; or is it `expansion.feature",
        ),
        (
            "id: a, signal: feature_gated, feature: sso, event: expansion.limit.hit.v1",
            "2:57: expected an event type of the product's own, got `expansion.limit.hit.v1`;",
        ),
        (
            "id: a, signal: feature_gated, feature: sso, evnt: com.acme.paywall.shown, where: {screen: sso}",
            "2:50: unknown key `evnt`; did you mean `event`?",
        ),
        (
            "id: a, signal: feature_gated, feature: sso, where: {screen: sso}",
            "2:50: `where` is said of the events that `event` names, and there is none",
        ),
        (
            "id: a, signal: feature_gated, feature: sso, user: viewer",
            "2:50: `user` is said of the events that `event` names, and there is none",
        ),
        (
            "id: a, signal: limit_hit, meter: api_calls, event: com.acme.paywall.shown",
            "2:50: unknown key `event`",
        ),
        ("id: a, signal: feature_gated, feature: sso, within: 90d", "2:58: expected a window of at most 62d"),
        (
            "id: a, signal: feature_gated, feature: sso, attempts: 0",
            "2:60: expected greater than or equal to 1, got `0`",
        ),
        ("id: a, signal: milestone, meter: projects, at: [10, 10]", "2:58: the milestone `10` stands twice"),
        ("id: a, signal: pql, qualify_at: 9, criteria: [{id: x, when: health > 1, points: 5}]", "2:38: all criteria"),
    ],
)
def test_a_mistake_in_a_rule_is_one_problem_at_its_place(rule: str, problem: str) -> None:
    expected = f"rules.yaml:{problem}"
    assert [found[: len(expected)] for found in _problems(rules=f"rules:\n  - {{{rule}}}\n")] == [expected]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{price: 12.50}", "{prise: 12.50}", "unknown key `prise`; did you mean `price`?"),
        ("{to: 50,", "{to: 5,", "tiers rise: expected more than 10, got `5`"),
        ("{to: 10, ", "{", "only the last tier may go without `to`"),
        ('{bundle: 5, price: "50"}', "{bundle: 5}", "expected a price a seat, `tiers`, or `bundle` with `price`"),
        ("amount: 10000", "amont: 10000", "unknown key `amont`; did you mean `amount`?"),
        ("capacity: [{meter: api_calls", "capacity: [{meter: api_cals", "unknown meter `api_cals`; did you mean"),
    ],
)
def test_a_mistake_deep_in_a_plan_is_one_problem(old: str, new: str, problem: str) -> None:
    assert old in RICH_CATALOG
    changed = RICH_CATALOG.replace(old, new, 1)
    assert [found.split(": ", 1)[1][: len(problem)] for found in _problems(changed)] == [problem]


def test_two_rules_of_one_id_are_a_problem() -> None:
    assert _problems(rules=RULES + RULES.splitlines()[1]) == ["rules.yaml:3:10: the rule `api-quota` stands twice"]


def test_a_file_that_is_missing_is_a_problem() -> None:
    with pytest.raises(RejectedConfiguration, match=r"rules.yaml:1:1: the file is missing"):
        load({"catalog.yaml": CATALOG})


def test_rules_are_checked_even_where_the_catalog_cannot_be_read() -> None:
    problems = _problems(catalog="a: [", rules=RULES.replace("80%", "80 percent"))
    assert [problem.split(":")[0] for problem in problems] == ["catalog.yaml", "rules.yaml"]


@pytest.mark.parametrize("text", ["[]", "1", "null", "rules", "{rules: {}}", "{rules: [1]}", "{rules: [[]]}"])
def test_a_file_of_another_shape_is_a_problem(text: str) -> None:
    assert len(_problems(rules=text)) == 1


def test_thirty_planted_mistakes_are_thirty_problems() -> None:
    catalog = "".join(
        (
            "currency: XXX1\nmeters:\n",
            *(f"  m{i}: {{event: com.acme.e{i}, aggregation: sun, value: v}}\n" for i in range(5)),
            "features:\n",
            *(f"  f{i}: {{meter: nothing{i}}}\n" for i in range(5)),
            "plans:\n",
            *(f"  - {{key: p{i}, includes: {{}}}}\n" for i in range(4)),
            *(f"  - {{key: q{i}, price: 1, includes: {{f0: {{limit: {i}, kind: herd}}}}}}\n" for i in range(5)),
        )
    )
    rules = "".join(
        (
            "rules:\n",
            *(f"  - {{id: r{i}, signal: limit_reached, meter: m{i}, at: [8O%], enabled: maybe}}\n" for i in range(4)),
            "  - {id: s, signal: seat_limit_approached, at: [80%, 80%], colour: red}\n",
        )
    )
    assert len(_problems(catalog, rules)) == 30


def test_a_thousand_plans_features_and_rules_load_within_a_second() -> None:
    catalog = "".join(
        (
            "currency: EUR\nmeters:\n",
            *(f"  m{i}: {{event: com.acme.e{i}, aggregation: sum, value: v, precision: 2}}\n" for i in range(1000)),
            "features:\n",
            *(f"  f{i}: {{meter: m{i}}}\n" for i in range(1000)),
            "plans:\n",
            *(f"  - {{key: p{i}, price: {i}, includes: {{f{i}: {{limit: 10.25}}}}}}\n" for i in range(1000)),
        )
    )
    lines = (f"  - {{id: r{i}, signal: limit_reached, meter: m{i}, at: [80%, 100%]}}\n" for i in range(1000))
    rules = "".join(("rules:\n", *lines))
    gc.freeze()  # what a thousand tests before left here is not to be looked through again and again
    started = process_time()  # not the time of others on this machine
    configuration = _load(catalog, rules)
    seconds = process_time() - started
    gc.unfreeze()
    assert (len(configuration.limit_rules), seconds < 1) == (1000, True)


@pytest.mark.parametrize(
    "spelling",
    [
        "{signal: limit_reached, at: [100%, 80%], meter: api_calls, id: a}",
        '{id: "a", signal: limit_reached, meter: api_calls, at: ["80.0 %", "100%"]} # a comment',
        "{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%], max_firing_age: 60m, enabled: true}",
    ],
)
def test_spelling_does_not_change_a_version(spelling: str) -> None:
    assert _version(spelling) == _version("{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%]}")


@pytest.mark.parametrize(
    "meaning",
    [
        "{id: a, signal: limit_reached, meter: api_calls, at: [81%, 100%]}",
        "{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%], max_firing_age: 61m}",
        "{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%], fire_when_added: true}",
    ],
)
def test_meaning_changes_a_version(meaning: str) -> None:
    assert _version(meaning) != _version("{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%]}")


GATE = "{id: a, signal: feature_gated, feature: sso, event: com.acme.paywall.shown, where: {screen: sso, step: 5}}"


def _version_of_a_gate(rule: str) -> str:
    return _load(rules=f"rules: [{rule}]").watch_rules[0].version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("paywall.shown", "paywall.closed"),
        ("screen: sso", "screen: audit"),
        (", step: 5", ""),
        ("where:", "user: viewer, where:"),
        (", event: com.acme.paywall.shown, where: {screen: sso, step: 5}", ""),
    ],
)
def test_the_events_that_a_gate_names_change_its_version(old: str, new: str) -> None:
    assert _version_of_a_gate(GATE.replace(old, new)) != _version_of_a_gate(GATE)


@pytest.mark.parametrize(
    ("old", "new"), [("screen: sso, step: 5", 'step: "5", screen: sso'), ("where:", "user: user, where:")]
)
def test_spelling_them_otherwise_does_not(old: str, new: str) -> None:
    assert _version_of_a_gate(GATE.replace(old, new)) == _version_of_a_gate(GATE)


def test_a_gate_that_names_no_events_has_the_version_it_had_before_gates_could() -> None:
    rule = '{id: gates, signal: feature_gated, feature: "*", attempts: 3, users: 2, within: 14d, cooldown: 30d}'
    assert _version_of_a_gate(rule) == "9e7d2afc"


def test_a_version_is_eight_hexadecimal_digits_and_stays_the_same_between_releases() -> None:
    assert _version("{id: a, signal: limit_reached, meter: api_calls, at: [80%, 100%]}") == "94f667d3"


@pytest.mark.parametrize(
    ("old", "new"), [("limit: 1000,", 'limit: "1000.0",'), ("currency: USD", "currency: USD # dollars"), ("\n", "\n\n")]
)
def test_spelling_does_not_change_the_fingerprint(old: str, new: str) -> None:
    assert _load(CATALOG.replace(old, new)).fingerprint == _load().fingerprint


@pytest.mark.parametrize(
    ("old", "new"), [("limit: 1000,", "limit: 1001,"), ("unit: call", "unit: request"), ("key: pro", "key: plus")]
)
def test_meaning_changes_the_fingerprint(old: str, new: str) -> None:
    assert _load(CATALOG.replace(old, new)).fingerprint != _load().fingerprint
