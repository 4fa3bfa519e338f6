from __future__ import annotations

from fractions import Fraction

from expansion_signals.cli.rule_figures import Compared, RuleFigures, lift
from expansion_signals.model.instants import DAY, HOUR
from sample_signals import NOW
from told_account import came_of, decided, found, trigger

MONTH = 30 * DAY


def _figures(fired: list[str], held_out: list[str]) -> RuleFigures:
    figures = RuleFigures()
    for account in fired:
        figures.decide(decided(found(account=account)))
    for account in held_out:
        figures.decide(decided(found(account=account), "suppressed", "holdout"))
    return figures


def test_decisions_are_counted_by_what_they_were_and_why() -> None:
    figures = RuleFigures()
    figures.decide(decided(found("80")))
    figures.decide(decided(found("90"), "held", "quiet_hours", until=NOW + HOUR))
    figures.decide(decided(found("91"), "suppressed", "muted", "dismissed"))
    figures.decide(decided(found("92"), "superseded"))
    assert (figures.fired, figures.held, figures.silent) == (1, 1, {"muted": 1, "decided before": 1})


def test_a_rate_is_accounts_that_bought_of_accounts_that_it_fired_for() -> None:
    figures = _figures(["a", "b", "c", "d"], [])
    fired, _ = figures.compared({"a": [NOW + DAY], "c": [NOW], "x": [NOW]}, MONTH)
    assert (fired, fired.rate) == (Compared(4, 2), Fraction(1, 2))


def test_what_was_bought_before_or_long_after_is_not_its_own() -> None:
    fired, _ = _figures(["a", "b"], []).compared({"a": [NOW - 1], "b": [NOW + MONTH]}, MONTH)
    assert fired.bought == 0


def test_an_account_counts_from_the_first_time() -> None:
    figures = RuleFigures()
    for time in (NOW, NOW - 40 * DAY):
        figures.decide(decided(found(account="a", time=time)))
    fired, _ = figures.compared({"a": [NOW + DAY]}, MONTH)
    assert fired == Compared(1, 0)


def test_lift_is_how_far_the_rate_is_above_that_of_the_holdout() -> None:
    figures = _figures(["a", "b", "c", "d", "e"], ["v", "w", "x", "y"])
    bought = {"a": [NOW], "b": [NOW], "v": [NOW]}
    assert lift(*figures.compared(bought, MONTH)) == Fraction(2, 5) / Fraction(1, 4) - 1


def test_who_would_have_been_silent_anyhow_is_in_no_comparison() -> None:
    figures = RuleFigures()
    figures.decide(decided(found(account="v"), "suppressed", "holdout", "at_risk"))
    assert figures.compared({}, MONTH)[1] == Compared(0, 0)


def test_without_a_holdout_there_is_no_lift() -> None:
    assert lift(Compared(4, 2), Compared(0, 0)) is None


def test_where_nobody_of_the_holdout_bought_there_is_no_lift() -> None:
    assert lift(Compared(4, 2), Compared(4, 0)) is None


def test_outcomes_are_counted_with_their_revenue_and_the_median_of_their_time() -> None:
    figures, of = RuleFigures(), trigger()
    for hours in (1, 2, 9):
        figures.attribute(came_of(of, time=NOW + hours * HOUR))
    assert (figures.outcomes, figures.revenue, figures.seconds_to_outcome) == (3, {"USD": 147}, 7_200)


def test_a_contraction_is_nothing_that_a_rule_sold() -> None:
    figures = RuleFigures()
    figures.attribute(came_of(trigger(), kind="contraction", mrr_change={"amount": "-49.00", "currency": "USD"}))
    assert (figures.outcomes, figures.revenue) == (0, {})
