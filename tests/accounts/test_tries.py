"""Passwords are tried a few times at most, a few at once, and nobody's address is kept."""

from __future__ import annotations

from datetime import timedelta as td
from threading import Barrier, Event, Thread

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.utils.timezone import now

from bachtest.accounts import backend, tries
from bachtest.accounts.models import SignInTry
from bachtest.accounts.tries import PER_ADDRESS, PER_NAME, WINDOW, SignInRefused, count_try
from bachtest.lib.incoming.addresses import client_network
from tests.races import several_writers

DOORS = ["/account/login/", "/admin/login/"]
ADDRESS = "203.0.113.9"


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_superuser("root", password="Right-4711")


def sign_in(door: str, password: str, *, name: str = "root", address: str = ADDRESS):
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(door, form)


def wrong(**who: str) -> int:
    return sign_in(DOORS[0], "a guess", **who).status_code


def tried(count: int, name: str = "root") -> None:
    for _ in range(count):
        count_try(name, ADDRESS)


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """The names whose passwords were compared."""
    names: list[str] = []

    def compare(self: ModelBackend, request: object, username: str, password: str) -> None:
        names.append(username)

    monkeypatch.setattr(ModelBackend, "authenticate", compare)
    return names


@pytest.mark.parametrize("door", DOORS)
def test_after_ten_wrong_passwords_even_the_right_one_is_not_looked_at(staff, door):
    tried(PER_ADDRESS - 1)
    assert sign_in(door, "a guess").status_code == 200
    response = sign_in(door, "Right-4711")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= WINDOW.total_seconds()
    assert "Please try again in 15 minutes, at " in response.text
    assert "UTC" in response.text


def test_both_doors_count_together(staff):
    tried(PER_ADDRESS - 2)
    assert {sign_in(door, "x").status_code for door in DOORS} == {200}
    assert {sign_in(door, "x").status_code for door in DOORS} == {429}


def test_a_refused_try_is_not_hashed_and_does_not_prolong_the_wait(db, hashed):
    tried(PER_ADDRESS)
    assert {wrong() for _ in range(5)} == {429}
    assert (len(hashed), SignInTry.objects.count()) == (0, PER_ADDRESS)
    SignInTry.objects.update(tried_at=now() - WINDOW - td(seconds=1))
    assert wrong() == 200
    assert SignInTry.objects.count() == 1  # those of the last window are gone


def test_many_addresses_that_guess_one_name_are_stopped_and_other_names_are_not(staff):
    for number in range(PER_NAME):
        count_try("root", f"203.0.113.{number}")
    assert wrong() == 429
    assert wrong(name="ROOT") == 429
    assert wrong(name="ada") == 200


def test_addresses_of_one_ipv6_line_count_as_one(staff):
    for number in range(PER_ADDRESS):
        count_try("root", network_of(f"2001:db8:0:1::{number}"))
    assert wrong(address="2001:db8:0:1:ffff::1") == 429
    assert wrong(address="2001:db8:0:2::1") == 200


def network_of(address: str) -> str:
    return client_network(RequestFactory(REMOTE_ADDR=address).get("/"))


def test_an_ipv4_address_in_ipv6_is_the_same_and_a_socket_has_none():
    assert network_of("::ffff:203.0.113.9") == network_of(ADDRESS) == ADDRESS
    assert network_of("") == "unknown"


def test_a_right_password_is_not_counted(staff):
    tried(PER_ADDRESS - 1)
    for _ in range(3):
        assert sign_in(DOORS[0], "Right-4711").status_code == 302
    assert SignInTry.objects.count() == PER_ADDRESS - 1


def test_what_is_stored_names_nobody_and_is_another_thing_tomorrow(db, hashed, monkeypatch):
    count_try("root", ADDRESS)
    stored = list(SignInTry.objects.values_list("name_hash", "address_hash"))
    assert "root" not in str(stored)
    assert ADDRESS not in str(stored)
    SignInTry.objects.all().delete()
    monkeypatch.setattr(tries, "now", lambda: now() + td(days=1))
    count_try("root", ADDRESS)
    tomorrow = list(SignInTry.objects.values_list("name_hash", "address_hash"))
    assert not set(stored[0]) & set(tomorrow[0])


def test_a_clock_that_was_set_back_keeps_no_lock(db, hashed, monkeypatch):
    with monkeypatch.context() as ahead:
        ahead.setattr(tries, "now", lambda: now() + td(hours=3))
        tried(PER_ADDRESS)
        assert wrong() == 429
    assert wrong() == 200


def test_a_command_is_not_counted(staff):
    assert authenticate(username="root", password="wrong") is None
    assert not SignInTry.objects.exists()


@several_writers
@pytest.mark.django_db(transaction=True)
def test_guesses_at_one_moment_are_counted_one_by_one():
    threads, passed = 24, []
    together = Barrier(threads)

    def guess() -> None:
        together.wait()
        try:
            count_try("root", ADDRESS)
        except SignInRefused:
            pass
        else:
            passed.append(1)
        finally:
            connection.close()

    running = [Thread(target=guess) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert 0 < len(passed) <= PER_ADDRESS


def test_two_passwords_are_hashed_at_once_and_a_third_person_is_asked_to_wait(db, monkeypatch):
    inside, leave = [Event(), Event()], Event()

    def slow_hash(self: ModelBackend, request: object, username: str, password: str) -> None:
        inside[int(username)].set()
        leave.wait(20)

    monkeypatch.setattr(ModelBackend, "authenticate", slow_hash)
    monkeypatch.setattr(backend, "count_try", lambda name, address: SignInTry())
    request = RequestFactory().post(DOORS[0])
    running = [
        Thread(target=authenticate, args=(request,), kwargs={"username": n, "password": "x"})
        for n in "01"
    ]
    try:
        for thread in running:
            thread.start()
        assert all(event.wait(20) for event in inside)
        response = sign_in(DOORS[0], "x", name="2")
    finally:
        leave.set()
        for thread in running:
            thread.join()
    assert response.status_code == 429
    assert response["Retry-After"] == "5"
    assert "try again in 5 seconds" in response.text
