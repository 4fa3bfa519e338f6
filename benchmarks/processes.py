"""What a process has computed and holds, its children among it, as /proc tells."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process and all below it, of children that have ended as well."""
    total = 0.0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / _TICK
    return total


def resident_bytes(pid: int) -> int:
    """Return the memory that a process and all below it have in RAM."""
    return sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) * _PAGE for each in tree(pid))


def peak_bytes(pid: int) -> int:
    """Return the most that one process had in RAM so far, of a process and all below it."""
    lines = (line for each in tree(pid) for line in Path(f"/proc/{each}/status").read_text().splitlines())
    return max(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def machine_seconds() -> float:
    """Return what all cores of the machine have computed so far, for whomever."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + soft) / _TICK
