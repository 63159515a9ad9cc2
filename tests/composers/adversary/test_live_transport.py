"""Real sockets against the real server: what arrives is kept, and nobody else waits for it."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from random import Random
from select import select
from threading import Event

import pytest
from tusclient import client as tuspy

from bachtest.composers.uploading.senders import AT_ONCE
from tests.composers.adversary.hostile_checkpoints import sound
from tests.composers.adversary.live_site import LIST, PATIENCE, PER_DAY, QUOTA, LiveSite, live_site

# The site that they share takes ten seconds to start.
pytestmark = pytest.mark.slow

DATA = Random(0).randbytes(400_000)
CUT = len(DATA) * 99 // 100
THREADS = 8


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("live")) as site:
        yield site


def sha256_in(site: LiveSite, url: str) -> str:
    name = url.rstrip("/").rpartition("/")[2].replace("-", "")
    rows = site.rows("SELECT sha256, id FROM composers_upload")
    return next(digest for digest, id_ in rows if str(id_).replace("-", "") == name)


def test_an_upload_that_is_cut_off_at_99_percent_is_resumed(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    client = site.raw_patch(token, url, f"Content-Length: {len(DATA)}")
    client.send(DATA[:CUT])
    # Whole parts are on the disk while it lasts; the rest comes with the end.
    site.wait_for_offset(token, url, CUT // 65536 * 65536)
    client.cut()
    offset = resumed_at(site, token, url)
    assert CUT // 65536 * 65536 <= offset <= CUT
    assert site.patch(token, url, offset, DATA[offset:])[0] == 204
    assert sha256_in(site, url) == hashlib.sha256(DATA).hexdigest()


def resumed_at(site: LiveSite, token: str, url: str) -> int:
    """Where it goes on, once the thread that served the cut line has let go."""
    while True:
        offset = site.offset(token, url)
        status, _ = site.patch(token, url, offset, b"")
        if status == 204:
            return offset
        assert status in (409, 423, 503)


def test_of_two_who_send_the_same_upload_one_waits(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    with closing(site.raw_patch(token, url, f"Content-Length: {len(DATA)}")) as first:
        first.send(DATA[:CUT])
        site.wait_for_offset(token, url, CUT // 65536 * 65536)
        assert site.patch(token, url, 0, DATA)[0] == 423
        first.send(DATA[CUT:])
        assert first.status() == 204
    assert sha256_in(site, url) == hashlib.sha256(DATA).hexdigest()


def test_a_body_in_chunks_without_a_length_is_refused(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    with closing(site.raw_patch(token, url, "Transfer-Encoding: chunked")) as client:
        client.send(b"4\r\nabcd\r\n0\r\n\r\n")
        assert client.status() == 411
    assert site.offset(token, url) == 0


def test_a_length_and_chunks_together_are_refused(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    lines = ("Transfer-Encoding: chunked", "Content-Length: 4")
    with closing(site.raw_patch(token, url, *lines)) as client:
        client.send(b"4\r\nabcd\r\n0\r\n\r\n")
        assert client.status() in (400, 411)
    assert site.offset(token, url) == 0


def test_a_length_that_is_too_small_ends_the_body_there(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    with closing(site.raw_patch(token, url, "Content-Length: 4")) as client:
        client.send(DATA[:5000])
        assert client.status() == 204
    assert site.offset(token, url) == 4


def test_a_length_that_is_too_large_keeps_what_came(site):
    token = site.tokens[0]
    _, url = site.begin(token, len(DATA))
    with closing(site.raw_patch(token, url, f"Content-Length: {len(DATA)}")) as client:
        client.send(DATA[:5000])
        client.end()
        assert client.status() == 204
    assert site.offset(token, url) == 5000


@pytest.mark.parametrize("length", ["-1", "12a", "1e3", "0x10"])
def test_a_length_that_is_no_number_is_refused(site, length):
    token = site.tokens[0]
    with closing(site.raw_patch(token, LIST, f"Content-Length: {length}")) as client:
        client.end()
        assert client.status() in (400, 411)


# Refused ones are listened to for a while, too.
def test_slow_senders_hold_up_neither_the_site_nor_more_than_their_share(site):
    people = site.tokens[1 : 1 + AT_ONCE]
    urls = [(token, site.begin(token, len(DATA))[1]) for token in people for _ in range(4)]
    lines = [
        site.raw_patch(token, url, f"Content-Length: {len(DATA)}") for token, url in urls[:8]
    ]  # of two people, who may send two each
    try:
        for line in lines:
            line.send(DATA[:70_000])
        deadline = time.monotonic() + PATIENCE
        while sum(site.offset(*url) > 0 for url in urls[:8]) < AT_ONCE:
            assert time.monotonic() < deadline
        refused, _, _ = select([line.socket for line in lines], [], [], 1.0)
        assert len(refused) == len(lines) - AT_ONCE
        assert site.front_page() == 200
        assert site.patch(*urls[-1], 0, DATA)[0] == 503
    finally:
        for line in lines:
            line.cut()
    for token, url in urls[-3:]:
        site.patch_patiently(token, url, 0, DATA)


@pytest.mark.parametrize("count", [50, 300])
def test_many_uploads_at_once(site, count):
    """By several people, in two parts each; pages are served meanwhile."""
    people = site.tokens[5:15] if count < 100 else site.tokens[15:25]
    ended = Event()

    def one(number: int) -> bool:
        token = people[number % len(people)]
        data = DATA[:100_000] + str(number).encode()
        status, url = site.begin(token, len(data), f"many{number}")
        assert status == 201
        site.patch_patiently(token, url, 0, data[:60_000])
        site.patch_patiently(token, url, 60_000, data[60_000:])
        return sha256_in(site, url) == hashlib.sha256(data).hexdigest()

    def pages() -> int:
        served = 0
        while not ended.is_set():
            assert site.front_page() == 200
            served += 1
        return served

    with ThreadPoolExecutor(count + 1) as pool:
        served = pool.submit(pages)
        whole = list(pool.map(one, range(count)))
        ended.set()
        assert served.result() > 0
    assert whole == [True] * count


def test_exactly_as_many_uploads_pass_as_a_person_may_begin(site):
    token = site.tokens[-1]
    with ThreadPoolExecutor(PER_DAY + 10) as pool:
        replies = pool.map(lambda _: site.begin(token, 100)[0], range(PER_DAY + 10))
        assert Counter(replies) == {201: PER_DAY, 429: 10}


def test_exactly_as_many_bytes_pass_as_the_quota_has(site):
    token = site.tokens[-2]
    with ThreadPoolExecutor(12) as pool:
        replies = pool.map(lambda _: site.begin(token, QUOTA // 4)[0], range(12))
        assert Counter(replies) == {201: 4, 403: 8}


def test_the_client_of_tus_for_python_sends_a_file(site):
    token = site.tokens[0]
    tus = tuspy.TusClient(
        f"http://127.0.0.1:{site.port}{LIST}", headers={"Authorization": f"Bearer {token}"}
    )
    fields = {"kind": "checkpoint", "slug": "mine", "filename": "mine.safetensors"}
    file = BytesIO(sound())
    uploader = tus.uploader(file_stream=file, chunk_size=10_000, metadata=fields)
    uploader.upload(stop_at=10_000)
    uploader = tus.uploader(file_stream=file, chunk_size=10_000, url=uploader.url)
    assert uploader.offset == 10_000  # it asks where to go on
    uploader.upload()
    url = uploader.url.partition(str(site.port))[2]
    assert sha256_in(site, url) == hashlib.sha256(sound()).hexdigest()
    assert b'"status":"quarantined"' in site.tus(token, "GET", url)[2]


def test_clients_that_never_end_their_request_are_cut_off(site):
    lines = []
    for _ in range(THREADS):
        line = site.raw_patch("none", LIST)  # a head that ends
        line.cut()
        line = type(line)(site.port)
        line.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        lines.append(line)
    try:
        assert site.front_page() == 200
    finally:
        for line in lines:
            line.close()
