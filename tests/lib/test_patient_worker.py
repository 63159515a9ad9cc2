from __future__ import annotations

import socket

from bachtest.lib.serving.patient_worker import REPLY_SECONDS, _leave_the_deaf


def test_a_reader_that_takes_nothing_is_left_after_a_while():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as connection,
    ):
        _leave_the_deaf(connection)
        option = socket.TCP_USER_TIMEOUT
        assert connection.getsockopt(socket.IPPROTO_TCP, option) == 1000 * REPLY_SECONDS


def test_sockets_without_tcp_are_served_too():
    one, other = socket.socketpair()
    with one, other:
        _leave_the_deaf(one)
