"""A child process that stands still and does not know."""

from __future__ import annotations

import os
import signal


def stand_still(pid: int) -> None:
    """SIGSTOP, and wait until it stands.

    The signal alone is a request: on a busy machine threads of the child go on for a while, and answer.
    """
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
