"""`expansion-signals dev` prints what to type next; typing it shows a trigger."""

from __future__ import annotations

import json
import os
import subprocess

from documents import ROOT
from servers.processes import free_port

ENVIRONMENT = os.environ | {"PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}


def _started(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def test_what_dev_says_to_type_leads_to_a_trigger() -> None:
    ports = [f"--{name}-port={free_port()}" for name in ("kafka", "redis", "http")]
    with _started("expansion-signals", "dev", *ports) as dev:
        assert dev.stdout is not None
        said = []
        while not said or "Ctrl-C ends it" not in said[-1]:
            said.append(dev.stdout.readline())
        typed = [line.strip() for line in said[said.index("In another terminal:\n") + 1 :] if line.startswith("  ")]
        export, watch, *emits = typed
        with _started("bash", "-ec", "\n".join([export, *emits, f"exec {watch} --from-beginning --json"])) as shown:
            assert shown.stdout is not None
            trigger = next(json.loads(line) for line in shown.stdout if line.startswith("{"))
            shown.terminate()
        dev.terminate()
    assert trigger["data"]["threshold"]["value"] == "80"
