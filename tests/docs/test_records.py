"""The table of built-in types in `docs/records.md` is that of the schemas."""

from __future__ import annotations

import json

from documents import ROOT, code, rows, section

IMPORTED = "usage.imported"
"""What `import` writes, and no app."""

TOLD = {
    code(row[0])[0]: [{name for part in code(cell) for name in part.split()} for cell in row[1:]]
    for row in rows(section(ROOT / "docs/records.md", "## Built-in types"))
}


def test_every_type_that_apps_send_has_its_row_with_the_properties_of_its_schema() -> None:
    found = {}
    for file in (ROOT / "schemas/usage-events").glob("*.v1.schema.json"):
        schema = json.loads(file.read_text())
        required = set(schema.get("required", ()))
        found[file.name.removesuffix(".v1.schema.json")] = [
            required,
            schema["properties"].keys() - required - {"session"},
        ]
    assert found.keys() - TOLD.keys() == {IMPORTED}
    assert {name: found[name] for name in TOLD} == TOLD
