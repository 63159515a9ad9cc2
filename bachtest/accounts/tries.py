"""How many passwords may be tried. All processes count together, in the database.

A try is counted before its password is hashed, so that guesses which come at the same moment are
counted as well. Names and addresses are hashed with the site's key and the day: what is kept for
some minutes tells nobody who it was, and cannot be joined to another day's.
"""

from __future__ import annotations

import math
from datetime import datetime
from datetime import timedelta as td

from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from bachtest.accounts.models import SignInTry

WINDOW = td(minutes=15)
# Wrong passwords within the window. Whoever sits at one address is stopped long before the name is
# locked for others.
PER_ADDRESS = 10
PER_NAME = 30
# A clock that was set back must not keep a lock.
AHEAD = td(minutes=1)


class SignInRefused(Exception):
    """No password is looked at now; the message is for the person at the door."""

    busy = False

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, math.ceil(seconds))


def count_try(name: str, address: str) -> SignInTry:
    """Count one more, or refuse it. A try that is refused does not prolong the wait."""
    moment = now()
    hashes = {
        "name_hash": _hash("name", name, moment),
        "address_hash": _hash("address", address, moment),
    }
    _refuse_over(hashes, moment, own=0)
    tried = SignInTry.objects.create(tried_at=moment, **hashes)
    try:
        # Counted once more, with those of other threads and processes that came in between.
        _refuse_over(hashes, moment, own=1)
    except SignInRefused:
        tried.delete()
        raise
    SignInTry.objects.exclude(tried_at__range=_window(moment)).delete()
    return tried


def _refuse_over(hashes: dict[str, str], moment: datetime, *, own: int) -> None:
    for field, limit in (("address_hash", PER_ADDRESS), ("name_hash", PER_NAME)):
        tries = SignInTry.objects.filter(**{field: hashes[field]}, tried_at__range=_window(moment))
        newest = tries.order_by("-tried_at").values_list("tried_at", flat=True)
        times = list(newest[: limit + own])
        if len(times) == limit + own:
            # As soon as this one has left the window, one more may be tried.
            leaves = times[limit - 1] + WINDOW
            raise SignInRefused((leaves - moment).total_seconds())


def _window(moment: datetime) -> tuple[datetime, datetime]:
    return moment - WINDOW, moment + AHEAD


def _hash(kind: str, text: str, moment: datetime) -> str:
    salt = f"bachtest.accounts.tries {kind} {moment:%Y-%m-%d}"
    return salted_hmac(salt, text, algorithm="sha256").hexdigest()
