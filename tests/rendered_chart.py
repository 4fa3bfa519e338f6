"""The Helm chart as `helm template` renders it, where helm is there: on PATH, or fetched by `make check-deploy`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy/helm/expansion-signals"

_HELM = shutil.which("helm", path=os.pathsep.join([os.environ["PATH"], str(ROOT / ".cache/deploy/bin")]))

needs_helm = pytest.mark.skipif(_HELM is None, reason="no helm: make check-deploy fetches it")


def rendered(*arguments: str, directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Render with what `helm install` would be given, in the directory that its files are looked for in."""
    assert _HELM is not None
    command = [_HELM, "template", "--kube-version", "1.30", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
