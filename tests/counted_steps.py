"""Instructions of Python that something takes: the same on however busy a machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def counted_steps(step: Callable[[], object]) -> int:
    """Return how many instructions it takes; what is kept from one time to the next should be there already."""
    counted = 0

    def trace(frame: FrameType, happened: str, _: Any) -> Any:  # noqa: ANN401 -- the signature of a trace function
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += happened == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        step()
    finally:
        sys.settrace(before)
    return counted
