"""Rule 12: the bytes that a round sends are its own.

They follow from a secret of the server and the clip's token, so a repeated or partial request gets
the same ones. They are made ahead by a thread, kept until the reveal has been left or the token
expires, and made on the spot where none are ready. Making them asks the database nothing.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Thread

from django.conf import settings
from django.utils.crypto import salted_hmac

from bachtest.game.models import Round, RoundClip
from bachtest.lib.short_lived_files import ShortLivedFiles
from generator.models import Rendering
from generator.rendering import encoding
from generator.rendering.own_bytes import own_mp3
from generator.rendering.profiles import PROFILES
from generator.services.rendered.clip_files import ClipFault, PairFiles, whole_content

logger = logging.getLogger(__name__)

TOKEN_LIFETIME = timedelta(hours=2)
SALT = "bachtest.game.services.own_clips"
# More than this is made on the spot: whoever waits for it comes before whoever might.
MAX_WAITING = 200


@dataclass(frozen=True)
class Order:
    """All that the bytes of a clip in a round follow from."""

    token: str
    key: bytes = field(repr=False)
    source: Rendering


def orders(row: Round, files: PairFiles) -> list[Order]:
    """None of a piece that has no clip any more: such a round will be replaced."""
    clips = [clip for clip in row.clips_in_order() if clip.piece_id in files.sources]
    return [order(clip, row.game.seed, files) for clip in clips]


def order(clip: RoundClip, seed: int, files: PairFiles) -> Order:
    # The seed is a secret of its own until the game is over, should SECRET_KEY be known.
    key = salted_hmac(SALT, f"{clip.token} {seed}", algorithm="sha256").digest()
    return Order(clip.token, key, files.sources[clip.piece_id])


def ready(token: str) -> bytes | None:
    return _store().read(token)


def are_ready(row: Round) -> bool:
    return all(_store().has(clip.token) for clip in row.clips_in_order())


def made(order: Order) -> bytes:
    """The bytes: from the store, from the thread that makes them, or made here and now.

    Raises
    ------
    ClipFault
        If the file that they are made from is damaged.
    OSError
        If the storage cannot be read.
    """
    return ready(order.token) or _ahead.taken(order.token) or _make(order)


def make_ahead(wanted: Iterable[Order]) -> None:
    if settings.ROUND_CLIPS_AHEAD:
        for each in wanted:
            if not _store().has(each.token):
                _ahead.add(each)


def drop(tokens: Iterable[str]) -> None:
    for token in tokens:
        _store().drop(token)


def _make(order: Order) -> bytes:
    content = whole_content(order.source)
    try:
        sound = encoding.decoded(content)
    except ValueError:
        raise ClipFault(order.source, "cannot be decoded") from None
    own = own_mp3(sound, order.key, PROFILES[order.source.profile])
    try:
        _store().keep(order.token, own)
    except OSError as error:
        logger.warning("bytes of a round cannot be kept, and are made each time: %s", error)
    return own


class _Ahead:
    """One thread that makes bytes in the order in which they were asked for."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: dict[str, Future[bytes]] = {}
        self.jobs: queue.SimpleQueue[tuple[Order, Future[bytes]]] = queue.SimpleQueue()
        self.thread: Thread | None = None

    def add(self, order: Order) -> None:
        with self.lock:
            if order.token in self.waiting or len(self.waiting) >= MAX_WAITING:
                return
            future: Future[bytes] = Future()
            self.waiting[order.token] = future
            # Not before the first order: a thread does not survive the fork of a web server.
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self._work, name="own clips", daemon=True)
                self.thread.start()
        self.jobs.put((order, future))

    def taken(self, token: str) -> bytes | None:
        """What the thread makes at this moment; what still waits is left to whoever asks."""
        with self.lock:
            future = self.waiting.get(token)
        if future is None or future.cancel():
            return None
        with suppress(ClipFault, OSError):  # found again by whoever makes them on the spot
            return future.result()
        return None

    def _work(self) -> None:
        while True:
            order, future = self.jobs.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(_make(order))
                except (ClipFault, OSError) as error:
                    future.set_exception(error)
                except Exception as error:  # of one clip; the thread makes those of others
                    logger.exception("bytes of a round")
                    future.set_exception(error)
            with self.lock:
                self.waiting.pop(order.token, None)


_ahead = _Ahead()
_stores: dict[str, ShortLivedFiles] = {}


def _store() -> ShortLivedFiles:
    folder = settings.ROUND_CLIPS_DIR
    return _stores.setdefault(
        str(folder),
        ShortLivedFiles(
            folder,
            seconds=TOKEN_LIFETIME.total_seconds(),
            max_bytes=settings.ROUND_CLIPS_MAX_BYTES,
        ),
    )
