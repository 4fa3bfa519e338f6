"""`expansion-signals dev --json` tells a script where everything is."""

from __future__ import annotations

import json
import subprocess
import sys

from servers.processes import free_port


def test_one_json_object_tells_where_everything_is() -> None:
    ports = {name: free_port() for name in ("kafka", "redis", "http")}
    options = [f"--{name}-port={port}" for name, port in ports.items()]
    with subprocess.Popen(
        [sys.executable, "-m", "expansion_signals", "dev", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as dev:
        assert dev.stdout is not None
        told = json.loads(dev.stdout.readline())
        dev.terminate()
    assert (told["kafka"], told["http"]) == (f"127.0.0.1:{ports['kafka']}", f"127.0.0.1:{ports['http']}")
