"""Reports of prompts: what is remembered of one, with what is known of its trigger (semantics 7.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.remembered import Prompted

if TYPE_CHECKING:
    from expansion_signals.decide.remembered import Fired, Remembered
    from expansion_signals.model.prompts import Prompt


def after_prompt(remembered: Remembered, prompt: Prompt, fired: Fired | None) -> Remembered:
    """Return what is remembered once this is reported; `fired` is its trigger.

    Of a trigger that is not remembered the family is not known: the report counts for how offers are met, and silences
    nothing.
    """
    told = Prompted(
        deed=prompt.deed,
        time=prompt.time,
        user=prompt.user,
        trigger=prompt.trigger,
        session=prompt.session,
        until=prompt.until,
    )
    return remembered.with_prompted(told if fired is None else _named(told, fired))


def named(remembered: Remembered, fired: Fired) -> Remembered:
    """Return what is remembered once it is known of what trigger there were reports."""
    prompted = [_named(each, fired) if each.trigger == fired.trigger else each for each in remembered.prompted]
    return replace(remembered, prompted=tuple(prompted))


def _named(told: Prompted, fired: Fired) -> Prompted:
    return told._replace(prompt=fired.prompt, subject=fired.subject, level=fired.level)
