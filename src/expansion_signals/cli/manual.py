"""How `--help` reads: what a command does, its options, and last its examples, each on a line that can be copied.

A docstring's paragraphs that begin with `Example: ` are the examples; whatever the terminal's width, none is wrapped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

_EXAMPLE = "Example: "
_OTHERS = "Commands"


class Page(TyperCommand):
    """The help of one command."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 -- those of typer, which builds it
        attributes["help"], self.examples = _parted(attributes.get("help"))
        super().__init__(**attributes)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 -- typer's
        """Write the examples."""
        _write_examples(self.examples, formatter)


class Chapter(TyperGroup):
    """The help of a command with commands below it: these stand under the headings that they were given."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 -- those of typer, which builds it
        attributes["help"], self.examples = _parted(attributes.get("help"))
        super().__init__(**attributes)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 -- typer's
        """Write each command in one line, all summaries in one column."""
        widest = max(map(len, self.commands))
        for heading in dict.fromkeys(map(heading_of, self.commands.values())):
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name.ljust(widest), command.get_short_help_str(formatter.width - widest - 6))
                        for name, command in self.commands.items()
                        if heading_of(command) == heading
                    ]
                )

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 -- typer's
        """Write the examples."""
        _write_examples(self.examples, formatter)


def heading_of(command: object) -> str:
    """Return the heading that a command stands under."""
    return getattr(command, "rich_help_panel", None) or _OTHERS


def _parted(text: str | None) -> tuple[str, Sequence[str]]:
    paragraphs = [" ".join(paragraph.split()) for paragraph in (text or "").split("\n\n")]
    told = [each for each in paragraphs if not each.startswith(_EXAMPLE)]
    return "\n\n".join(told), [each.removeprefix(_EXAMPLE) for each in paragraphs if each.startswith(_EXAMPLE)]


def _write_examples(examples: Sequence[str], formatter: HelpFormatter) -> None:
    with formatter.section("Example" if len(examples) == 1 else "Examples"):
        formatter.write("".join(f"  {example}\n" for example in examples))
