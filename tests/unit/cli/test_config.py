from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import expansion_signals.local
from expansion_signals.cli import app
from expansion_signals.configuration_files import load_directory, read_directory
from expansion_signals.errors import RejectedConfiguration
from expansion_signals.rules.loading import load

SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"


def _run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(app, ["config", *map(str, arguments)], env={"NO_COLOR": "1", **environment})


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    catalog, rules = ((SAMPLE / name).read_text() for name in ("catalog.yaml", "rules.yaml"))
    (tmp_path / "catalog.yaml").write_text(catalog.replace("aggregation: sum", "aggregation: summ", 1))
    (tmp_path / "rules.yaml").write_text(rules.replace("meter: api_calls", "meter: api_cals", 1))
    return tmp_path


def test_init_writes_a_configuration_that_is_valid(tmp_path: Path) -> None:
    written = _run("init", tmp_path / "new/config").stdout
    assert f"next: expansion-signals config check {tmp_path}/new/config" in written
    assert load_directory(tmp_path / "new/config").fingerprint == load_directory(SAMPLE).fingerprint


def test_init_puts_the_schema_that_each_file_names_beside_it(tmp_path: Path) -> None:
    written = json.loads(_run("init", tmp_path, "--json").stdout)["written"]
    named = [path.read_text().partition("$schema=")[2].split()[0] for path in sorted(tmp_path.glob("*.yaml"))]
    assert sorted(written) == sorted(str(path) for path in tmp_path.iterdir())
    assert [json.loads((tmp_path / name).read_text())["title"] for name in named] == [
        "Expansion Signals: catalog.yaml",
        "Expansion Signals: rules.yaml",
    ]


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    result = _run("init", tmp_path)
    assert (result.exit_code, "rules.yaml is there already" in result.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["rules.yaml"]


def test_init_says_why_a_directory_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    result = _run("init", tmp_path / "taken")
    assert (result.exit_code, "File exists" in result.stderr) == (2, True)


def test_init_says_why_a_directory_cannot_be_looked_at(tmp_path: Path) -> None:
    result = _run("init", tmp_path / ("d" * 300))
    assert (result.exit_code, "File name too long" in " ".join(result.stderr.split())) == (2, True)


def test_check_of_what_is_right_says_so_and_exits_with_0() -> None:
    result = _run("check", SAMPLE)
    assert (result.exit_code, "4 meters, 7 features, 4 plans, 3 add-ons, 30 rules" in result.stdout) == (0, True)


def test_check_tells_every_problem_with_a_path_that_editors_open(broken: Path) -> None:
    lines = _run("check", broken).stdout.splitlines()
    assert [line.rsplit(":", 3)[0] for line in lines] == [f"{broken}/catalog.yaml", f"{broken}/rules.yaml"]


def test_check_tells_what_is_wrong_with_the_events_of_a_gate(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text((SAMPLE / "catalog.yaml").read_text())
    rule = '{id: walls, signal: feature_gated, feature: "*", event: com.acme.paywall.shown, were: {screen: sso}}'
    (tmp_path / "rules.yaml").write_text(f"rules:\n  - {rule}\n")
    result = _run("check", tmp_path)
    told = [line.removeprefix(f"{tmp_path}/rules.yaml:") for line in result.stdout.splitlines()]
    assert (result.exit_code, [line.partition(";")[0] for line in told[:2]]) == (
        2,
        [
            "2:49: events of the product's own are attempts on one feature, got `*`",
            "2:85: unknown key `were`",
        ],
    )


def test_show_has_the_events_that_a_gate_names(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text((SAMPLE / "catalog.yaml").read_text())
    rule = "{id: sso, signal: feature_gated, feature: sso, event: com.acme.paywall.shown, where: {step: 5}, user: who}"
    (tmp_path / "rules.yaml").write_text(f"rules: [{rule}]\n")
    [shown] = json.loads(_run("show", tmp_path, "--json").stdout)["rules"]
    assert (shown["event"], shown["where"], shown["user"]) == ("com.acme.paywall.shown", {"step": "5"}, "who")


def test_check_of_what_is_wrong_exits_with_2(broken: Path) -> None:
    assert _run("check", broken).exit_code == 2


def test_check_as_json_gives_each_problem_its_place(broken: Path) -> None:
    problems = json.loads(_run("check", broken, "--json").stdout)["problems"]
    assert problems[0] == {
        "file": f"{broken}/catalog.yaml",
        "line": 15,
        "column": 18,
        "message": "unknown `summ`; did you mean `sum`?",
    }


def test_check_as_json_of_what_is_right() -> None:
    assert json.loads(_run("check", SAMPLE, "--json").stdout) == {"valid": True, "problems": [], "warnings": []}


def test_the_directory_is_the_setting_where_none_is_given() -> None:
    assert _run("check", EXPANSION_SIGNALS_CONFIG=str(SAMPLE)).exit_code == 0


def test_show_has_the_plans_with_their_limits() -> None:
    assert "20,000 soft, then upgrade" in _run("show", SAMPLE).stdout


def test_show_writes_no_colour_where_none_is_wanted() -> None:
    assert "\x1b" not in _run("show", SAMPLE).stdout


def test_show_as_json_has_each_rule_with_its_version() -> None:
    rules = json.loads(_run("show", SAMPLE, "--json").stdout)["rules"]
    versions = load(read_directory(SAMPLE)).rule_versions
    assert {rule["id"]: rule["version"] for rule in rules} == versions


def test_show_writes_brackets_as_they_stand(tmp_path: Path) -> None:
    catalog = (SAMPLE / "catalog.yaml").read_text().replace("unit: call", 'unit: "[bold]call"')
    (tmp_path / "catalog.yaml").write_text(catalog)
    (tmp_path / "rules.yaml").write_text((SAMPLE / "rules.yaml").read_text())
    assert "[bold]call" in _run("show", tmp_path).stdout


@pytest.fixture
def worded(tmp_path: Path) -> Path:
    catalog, rules = ((SAMPLE / name).read_text() for name in ("catalog.yaml", "rules.yaml"))
    (tmp_path / "catalog.yaml").write_text(catalog)
    (tmp_path / "rules.yaml").write_text(
        rules.replace("id: seat-invite,", "id: seat-invite, copy: {en: {}, pt-BR: {}},")
    )
    return tmp_path


def test_show_has_the_languages_that_a_rule_writes(worded: Path) -> None:
    assert "copy in en, pt-BR" in _run("show", worded).stdout


def test_show_as_json_has_the_languages_that_a_rule_writes(worded: Path) -> None:
    rules = json.loads(_run("show", worded, "--json").stdout)["rules"]
    assert {rule["id"]: rule["copy"] for rule in rules if rule["copy"]} == {
        "api-quota": ["en", "de"],
        "seat-invite": ["en", "pt-BR"],
    }


def test_a_directory_that_is_not_there_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RejectedConfiguration, match=r"nowhere:1:1: does not exist; expected a directory with catalog"):
        read_directory(tmp_path / "nowhere")


def test_each_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RejectedConfiguration) as rejected:
        read_directory(tmp_path)
    assert [problem.message for problem in rejected.value.problems] == ["the file is missing"] * 2


def test_a_file_that_is_not_utf_8_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_bytes(b"currency: EUR\nmeters: \xe4\n")
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    with pytest.raises(RejectedConfiguration, match=r"catalog.yaml:2:9: expected UTF-8 text"):
        read_directory(tmp_path)


def test_a_file_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").mkdir()
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    with pytest.raises(RejectedConfiguration, match=r"catalog.yaml:1:1: the file cannot be read: Is a directory"):
        read_directory(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_bytes(b"\xef\xbb\xbfcurrency: EUR\n")
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    assert read_directory(tmp_path)["catalog.yaml"] == "currency: EUR\n"
