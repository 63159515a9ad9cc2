"""Connections on which nothing comes are no longer read; replies still go out."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from bachtest.lib.serving.slow_clients import Watchdog


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        ours.settimeout(60)
        yield ours, theirs


def test_reading_from_who_is_late_ends_and_the_reply_is_sent(pair):
    ours, theirs = pair
    watchdog = Watchdog()
    watchdog.expect(ours, -1.0)
    watchdog.cut_off_the_late()
    assert ours.recv(10) == b""
    ours.sendall(b"too late")
    assert theirs.recv(10) == b"too late"


def test_who_is_in_time_is_left_alone(pair):
    ours, theirs = pair
    watchdog = Watchdog()
    watchdog.expect(ours, -1.0)
    watchdog.expect(ours, 60.0)  # more came
    watchdog.cut_off_the_late()
    theirs.sendall(b"here")
    assert ours.recv(10) == b"here"


def test_who_has_been_served_or_is_gone_is_forgotten(pair):
    ours, theirs = pair
    watchdog = Watchdog()
    watchdog.expect(ours, -1.0)
    watchdog.leave(ours)
    watchdog.leave(ours)
    closed = socket.socket()
    watchdog.expect(closed, -1.0)
    closed.close()
    watchdog.cut_off_the_late()
    theirs.sendall(b"here")
    assert ours.recv(10) == b"here"
