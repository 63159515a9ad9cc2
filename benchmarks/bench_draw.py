"""Starting a game as answers grow, and as the pool grows: the time that holds the write lock.

python -m benchmarks.bench_draw [ANSWERS ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.bench_results_page import PAIRS, fill, in_new_site

ANSWERS = (100, 10_000, 1_000_000)
POOLS = (100, 1_000, 10_000)
REPEATS = 15


def main(*answers: int) -> None:
    print(f"processor time of starting a game, median of {REPEATS}")
    sizes = [(count, PAIRS) for count in answers or ANSWERS] + [(100, pairs) for pairs in POOLS]
    for count, pairs in sizes:
        in_new_site(f"benchmarks.bench_draw import measure; measure({count}, {pairs})")


def measure(answers: int, pairs: int) -> None:
    from bachtest.game.exposures import recount
    from bachtest.game.services.enrolment import enrol
    from bachtest.game.services.games import start_game
    from bachtest.studies.models import Study

    fill(answers, pairs)
    study = Study.objects.get(slug="quiz")
    recount(study)
    participations = [enrol(None, study, consent=study.consent_version) for _ in range(REPEATS)]
    times = [processor_time(lambda each=each: start_game(each)) for each in participations]
    median = 1000 * sorted(times)[REPEATS // 2]
    print(f"{answers:9,} answers, {pairs:6,} pairs: {median:7.1f} ms", flush=True)


def processor_time(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
