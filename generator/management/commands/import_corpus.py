from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from generator.errors import GeneratorError
from generator.music.corpus.build import build_corpus
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import Corpus
from generator.services.pairs import SET_ASIDE_REASON, exclude_set_aside
from generator.services.work_rows import Synced, sync_works


class Command(BaseCommand):
    help = "Read Bach's chorales from music21 into works and excerpts. Needed once; safe to repeat."

    def handle(self, **options: Any) -> None:
        bar = partial(
            tqdm,
            desc="reading chorales",
            unit="work",
            mininterval=0.1 if sys.stderr.isatty() else 5,
        )
        try:
            corpus = build_corpus(settings.CORPUS_FILE, progress=bar)
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("interrupted; nothing was written, run it again") from None
        synced = sync_works(corpus)
        excluded = exclude_set_aside()
        if options["verbosity"]:
            self.stdout.write(_summary(corpus, synced))
        if excluded:
            self.stdout.write(f"pairs excluded from the pool: {excluded}, {SET_ASIDE_REASON}")


def _summary(corpus: Corpus, synced: Synced) -> str:
    families = Counter(work.tune for work in corpus.works.values())
    tune, members = families.most_common(1)[0]
    lines = [
        f"{len(corpus.works)} works in {len(families)} tune families; "
        f"the largest has {members} ({tune})"
    ]
    for part, names in tunes_split(corpus).items():
        tunes = {corpus.works[name].tune for name in names}
        lines.append(
            f"{part}: {len(names)} works, {len(tunes)} tune families, "
            f"{synced.excerpts[part]} excerpts"
        )
    lines.append(f"{len(corpus.excluded)} excluded, since the grid cannot hold them:")
    lines += [f"  {name} {reason}" for name, reason in corpus.excluded.items()]
    return "\n".join(lines)
