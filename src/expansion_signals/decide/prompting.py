"""Reports of prompts: what is remembered of one, with what is known of its trigger (semantics 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.remembered import Prompted

if TYPE_CHECKING:
    from expansion_signals.decide.remembered import Fired, Remembered
    from expansion_signals.model.prompts import Prompt


def after_prompt(remembered: Remembered, prompt: Prompt, known: Fired | None = None) -> Remembered:
    """Return what is remembered once this is reported; its trigger is the one `known`, if it is not remembered.

    Of a trigger that is not remembered the family is not known: the report counts for how offers are met, and silences
    nothing.
    """
    fired = remembered.trigger(prompt.trigger) or known
    return remembered.with_prompted(
        Prompted(
            deed=prompt.deed,
            time=prompt.time,
            user=prompt.user,
            trigger=prompt.trigger,
            session=prompt.session,
            until=prompt.until,
            prompt=fired.prompt if fired else None,
            subject=fired.subject if fired else "",
            level=fired.level if fired else None,
        )
    )
