"""docs/commands.md says what `--help` says."""

from __future__ import annotations

from write_commands import PAGE, page


def test_the_page_of_commands_is_what_the_program_says() -> None:
    assert PAGE.read_text() == page(), "make commands writes it anew"
