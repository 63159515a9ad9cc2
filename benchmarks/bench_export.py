"""A study as a ZIP at 200,000 answers, on SQLite: time, memory, and who has to wait meanwhile.

python -m benchmarks.bench_export [ANSWERS]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from threading import Event, Thread

from benchmarks.bench_results_page import fill, in_new_site, seconds, show

ANSWERS = 200_000


def main(answers: int = ANSWERS) -> None:
    in_new_site(f"benchmarks.bench_export import measure; measure({answers})")


def measure(answers: int) -> None:
    from django.conf import settings

    from bachtest.results.export.sorted_rows import RowProgress
    from bachtest.results.export.write_study_zip import write_study_zip
    from bachtest.studies.models import Study

    print(f"{answers} answers written: {show(lambda: fill(answers))}")
    study = Study.objects.get(slug="quiz")
    path, ended, waits = Path(settings.EXPORTS_DIR) / "quiz.zip", Event(), [0.0]
    writer = Thread(target=write_now_and_then, args=(ended, waits))
    before = peak_mb()
    writer.start()
    wall, processor = seconds(lambda: write_study_zip(study, path, RowProgress()))
    ended.set()
    writer.join()
    size = path.stat().st_size / 1e6
    print(f"the ZIP, {size:.1f} MB: {wall:.1f} s, processor {processor:.1f} s")
    print(f"peak memory: {peak_mb():.0f} MB, {before:.0f} MB of it before")
    print(f"{len(waits) - 1} writes meanwhile, the slowest waited for {max(waits):.2f} s")


def write_now_and_then(ended: Event, waits: list[float]) -> None:
    """As answers would, from another connection."""
    from django.db import connection

    from bachtest.game.models import Listener

    while not ended.wait(0.2):
        start = time.perf_counter()
        Listener.objects.create()
        waits.append(time.perf_counter() - start)
    connection.close()


def peak_mb() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
