"""Files to upload, and uploads on their way."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from django.contrib.auth.models import User

from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import Upload
from bachtest.composers.uploading.announcing import announce, announced
from bachtest.composers.uploading.receiving import receive
from generator.models import Work
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import Corpus
from generator.music.formats.midi import midi_bytes
from generator.services.work_rows import sync_works
from tests.builders import save_miniature

LEARNT = ("BWV253", "BWV254")
SCORE = {
    "name": "parallels", "condition": "ATB", "unit": "per 1,000 changes", "bach": 1.0, "note": "",
    "composer": {"estimate": 9.0, "low": 7.0, "high": 11.0, "n": 3},
}  # fmt: skip


def checkpoint_bytes(folder: Path, **saved: object) -> bytes:
    """A miniature chain, as its author would save it."""
    fields = {"trained_on": LEARNT} | saved
    return save_miniature(folder / "mine.safetensors", **fields).read_bytes()  # type: ignore[arg-type]


def zip_bytes(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def midi_of(corpus: Corpus, bwv: str) -> bytes:
    return midi_bytes(corpus.works[bwv].chorale)


def keep_works(corpus: Corpus, tests: int = 6) -> None:
    """Rows for few works: the learnt ones, the first of the test part, and set-aside ones."""
    from dataclasses import replace

    from generator.music.corpus.set_aside import SET_ASIDE_TUNES

    names = list(tunes_split(corpus)["test"])[:tests]
    aside = [bwv for bwv, work in corpus.works.items() if work.tune in SET_ASIDE_TUNES][:2]
    kept = {bwv: corpus.works[bwv] for bwv in dict.fromkeys((*LEARNT, *names, *aside))}
    sync_works(replace(corpus, works=kept))
    Work.objects.filter(bwv__in=(*names, *aside)).update(part="test")
    Work.objects.filter(bwv__in=LEARNT).update(part="train")


def uploaded(
    user: User, content: bytes, kind: str = "checkpoint", slug: str = "mine", **fields: str
) -> Upload:
    """An upload whose bytes have all arrived; where tasks run at once, all of it is done."""
    ending = ".zip" if kind == "collection" else ".safetensors"
    what = {"kind": kind, "slug": slug, "filename": f"mine{ending}"} | fields
    upload = announce(user, announced(what, len(content)))
    receive(upload, 0, io.BytesIO(content))
    upload.refresh_from_db()
    return upload


def worked(upload: Upload) -> Upload:
    """All stages, one after another, as a worker does them."""
    while next_stage(upload.id):
        pass
    upload.refresh_from_db()
    return upload
