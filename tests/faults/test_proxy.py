"""The proxy of the campaign does the harm that it says, to who stands and to who comes."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from nemesis.proxy import HERE, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER_SECONDS = 10
SILENCE_SECONDS = 0.2
DELAY_SECONDS = 0.2


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that says what it is told."""
    with socket.create_server((HERE, 0)) as server:
        threading.Thread(target=_echo, args=[server], daemon=True).start()
        with Proxy(server.getsockname()[1]) as proxy:
            yield proxy


def test_a_proxy_leads_on_what_is_said(proxy: Proxy) -> None:
    with client(proxy) as one:
        assert said(one) == b"hello"


def test_who_is_cut_is_reset_and_who_comes_then_is_led_on(proxy: Proxy) -> None:
    with client(proxy) as one:
        said(one)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            one.recv(1)
    with client(proxy) as another:
        assert said(another) == b"hello"


def test_what_is_delayed_comes_late_both_ways(proxy: Proxy) -> None:
    with client(proxy) as one, proxy.delayed(DELAY_SECONDS):
        began = time.monotonic()
        assert said(one) == b"hello"
        assert time.monotonic() - began >= 2 * DELAY_SECONDS


def test_who_is_swallowed_hears_nothing_again_and_who_comes_afterwards_is_led_on(proxy: Proxy) -> None:
    with client(proxy) as standing:
        said(standing)
        with proxy.silent(), client(proxy) as new:
            assert (is_silent(standing), is_silent(new)) == (True, True)
        assert is_silent(standing)
        with client(proxy) as another:
            assert said(another) == b"hello"


def test_a_server_that_is_away_resets_who_comes() -> None:
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
    with Proxy(port) as proxy, client(proxy) as one, pytest.raises(ConnectionResetError):
        one.recv(1)


@contextmanager
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((HERE, proxy.port), ANSWER_SECONDS) as connection:
        yield connection


def said(connection: socket.socket) -> bytes:
    connection.sendall(b"hello")
    return connection.recv(5, socket.MSG_WAITALL)


def is_silent(connection: socket.socket) -> bool:
    """Say whether nothing is answered for a moment, not even that it has ended."""
    connection.settimeout(SILENCE_SECONDS)
    connection.sendall(b"hello")
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    return False


def _echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:  # the test is over
            return
        threading.Thread(target=_say_again, args=[connection], daemon=True).start()


def _say_again(connection: socket.socket) -> None:
    with connection:
        try:
            while piece := connection.recv(100):
                connection.sendall(piece)
        except ConnectionResetError:  # cut
            return
