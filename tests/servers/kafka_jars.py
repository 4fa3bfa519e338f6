"""Apache Kafka as published: its jars, copied once by Maven from what pom.xml names, kept for every later run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from servers.absence import ServerAbsentError

POM = Path(__file__).with_name("pom.xml")


def kafka_version() -> str:
    """The version that pom.xml names: the one place that does."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", POM.read_text())
    assert found is not None, f"{POM} names no kafka.version"
    return found[1]


def kafka_jars() -> Path:
    """The folder of jars, fetched first if this machine has never had this version.

    Raises:
        ServerAbsentError: no Maven, or it could not fetch them.
    """
    jars = cache() / f"kafka-{kafka_version()}"
    if not jars.is_dir():
        _fetch(jars)
    return jars


def cache() -> Path:
    """The folder for what is fetched once and kept for every later run."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "expansion-signals"


def _fetch(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerAbsentError("Kafka's jars are not cached, and there is no Maven (mvn) to fetch them")
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Fetched aside and moved into place whole: a run that was cut short, or a second run, never sees half a folder.
    with tempfile.TemporaryDirectory(dir=jars.parent) as aside:
        command = [maven, "--quiet", "--batch-mode", "--file", str(POM), "dependency:copy-dependencies"]
        fetched = subprocess.run(
            [*command, f"-DoutputDirectory={aside}/jars"], capture_output=True, text=True, check=False
        )
        if fetched.returncode != 0:
            raise ServerAbsentError(f"Maven could not fetch Kafka's jars:\n{fetched.stdout[-2000:]}")
        if not jars.is_dir():
            Path(aside, "jars").rename(jars)
