"""Pages while 200 slow clients hang on the embedded server, which no proxy protects.

python -m benchmarks.bench_slow_clients [CLIENTS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection

from benchmarks.bench_results_page import fill, in_new_site
from benchmarks.slow_clients import Crowd, body_drips, half_a_head, reads_nothing, reads_slowly

CLIENTS = 200
MAX_SECONDS = 1.0
# The crowd is left to itself first. Then a page is asked for, again and again.
SETTLE_SECONDS, PROBE_SECONDS, PAUSE_SECONDS = 6.0, 15.0, 0.3
PATIENCE = 20.0
START_SECONDS = 60.0
PAGES = ("/", "/about/")
KINDS = {
    "nobody": (),
    "half a header": (half_a_head,),
    "a reply read at 20 kB/s": (reads_slowly,),
    "a reply that is not read": (reads_nothing,),
    "a body that drips": (body_drips,),
    "a quarter of each": (half_a_head, reads_slowly, reads_nothing, body_drips),
}


def main(clients: int = CLIENTS) -> None:
    in_new_site(f"benchmarks.bench_slow_clients import measure; measure({clients})")


def measure(clients: int) -> None:
    fill(100)
    with served() as port:
        print(f"seconds for {' and '.join(PAGES)} while {clients} clients hang on the server")
        print(f"{'each sends or wants':26} {'median':>7} {'worst':>7}")
        for kind, ways in KINDS.items():
            with Crowd(port, ways, clients if ways else 0):
                time.sleep(SETTLE_SECONDS)
                times = sorted(probes(port))
            verdict = "met" if times[-1] <= MAX_SECONDS else "MISSED"
            print(
                f"{kind:26} {times[len(times) // 2]:7.2f} {times[-1]:7.2f}  "
                f"at most {MAX_SECONDS:g}: {verdict}",
                flush=True,
            )


def probes(port: int) -> list[float]:
    times: list[float] = []
    end = time.monotonic() + PROBE_SECONDS
    while time.monotonic() < end:
        times.append(probe(port, PAGES[len(times) % len(PAGES)]))
        time.sleep(PAUSE_SECONDS)
    return times


def probe(port: int, page: str) -> float:
    """The time until a page has come on a new connection; endless if it does not."""
    start = time.perf_counter()
    line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", page)
        reply = line.getresponse()
        reply.read()
    except OSError:
        return float("inf")
    finally:
        line.close()
    return time.perf_counter() - start if reply.status == 200 else float("inf")


@contextmanager
def served() -> Iterator[int]:
    """The port of a server with the options of `manage.py serve`."""
    from generator.management.site_processes import gunicorn_options, unused_port

    port = unused_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *gunicorn_options("127.0.0.1", port)]
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while probe(port, "/") == float("inf"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not start within {START_SECONDS:g} s")
            time.sleep(PAUSE_SECONDS)
        yield port
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(PATIENCE)
        server.kill()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
