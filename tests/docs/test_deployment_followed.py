"""What docs/deployment.md types for Kubernetes comes out as manifests: rendered, because no cluster is there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
import yaml

from documents import blocks, section
from rendered_chart import CHART, ROOT, needs_helm, rendered

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs/deployment.md"
SAMPLE = ROOT / "src/expansion_signals/local/sample"
INSTALLS = [block.replace("\\\n", "") for block in blocks(PAGE) if block.startswith("helm upgrade")]


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A directory as the page takes it: the repository's deploy folder, and a catalog and rules in config."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "config").symlink_to(SAMPLE)
    return tmp_path


@needs_helm
@pytest.mark.parametrize("install", INSTALLS, ids=range(len(INSTALLS)))
def test_what_is_installed_is_rendered(install: str, followed: Path) -> None:
    words = shlex.split(install.splitlines()[0])
    assert words[:3] == ["helm", "upgrade", "--install"]
    done = rendered(*[word for word in words[3:] if word != "--create-namespace"], directory=followed)
    assert done.returncode == 0, done.stderr
    assert "Deployment" in {each["kind"] for each in yaml.safe_load_all(done.stdout)}


def test_the_values_of_a_secret_are_values_of_the_chart() -> None:
    [shown] = [yaml.safe_load(block) for block in blocks(PAGE, "yaml")]
    there = yaml.safe_load((CHART / "values.yaml").read_text())
    assert {(name, key) for name, values in shown.items() for key in values if key not in there[name]} == set()


def test_every_kind_of_the_chart_is_in_the_table() -> None:
    told = section(PAGE, "## On Kubernetes").split("### ")[0]
    kinds = {
        line.removeprefix("kind: ")
        for template in (CHART / "templates").glob("*.yaml")
        for line in template.read_text().splitlines()
        if line.startswith("kind: ")
    }
    assert {kind for kind in kinds - {"Service", "TriggerAuthentication"} if f"| {kind}" not in told} == set()
