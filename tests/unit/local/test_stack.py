from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedSettings
from expansion_signals.local.stack import SAMPLE, Ports, local_stack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("whose", ["kafka", "redis", "http"])
async def test_a_port_that_is_taken_is_refused_with_the_option_that_takes_another(tmp_path: Path, whose: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RejectedSettings, match=f"port {port} cannot be used: .*; --{whose}-port takes another"):
            async with local_stack(tmp_path, SAMPLE, Ports(**{whose: port}), print):
                pass
