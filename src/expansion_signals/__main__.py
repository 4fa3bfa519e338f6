"""`python -m expansion_signals` is the command `expansion-signals`."""

from __future__ import annotations

from expansion_signals.cli import main

if __name__ == "__main__":
    main()
