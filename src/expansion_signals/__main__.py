"""Where the command `expansion-signals` begins, and `python -m expansion_signals`."""

from __future__ import annotations

import os
import signal

_INTERRUPTED = 130


def main() -> None:
    """Run one command; Ctrl-C or SIGTERM ends it quietly while its modules are still being read."""
    # As the first process of a container we would not even be ended by SIGTERM: there, what has no handler is ignored.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: os._exit(_INTERRUPTED))
    from expansion_signals import cli  # noqa: PLC0415 -- this is what takes long

    cli.main()


if __name__ == "__main__":
    main()
