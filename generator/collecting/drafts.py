"""What becomes of each file of a collection: pieces to be stored, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePosixPath
from time import thread_time

from generator.collecting.collected_fills import checked_fill, fill_name
from generator.collecting.collection_error import CollectionError
from generator.collecting.collection_files import CollectionFiles, is_litter
from generator.errors import in_one_line
from generator.models import Excerpt
from generator.music.corpus.excerpts import Span
from generator.music.corpus.foreign_phrases import with_fermatas
from generator.music.corpus.nearest_excerpt import BachExcerpt, ExcerptChooser, NoMatch
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.works import Corpus
from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import four_part_chorale
from generator.music.formats.score import Remark
from generator.music.grid.chorale import VOICES, Chorale

WORKS_FILE = "works.txt"
MAX_SECONDS = 600.0
"""Of a processor, for all files together; no file alone takes more than a few."""
_TO_REPORT = ("left out", "bent")
_ENDINGS = (".mid", ".midi", ".musicxml", ".xml", ".mxl")


@dataclass(frozen=True)
class Draft:
    """A piece to be stored: a fill of an excerpt, or phrases of a whole chorale beside one."""

    source: str
    condition: str
    excerpt: Excerpt
    whole: bool
    chorale: Chorale


@dataclass(frozen=True)
class FileReport:
    """One file: what it was accepted as, or why it was refused.

    `bent` says what the reader left out and bent to the grid.
    """

    name: str
    accepted: str = ""
    reason: str = ""
    bent: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = self.accepted or f"refused: {self.reason}"
        return "; ".join((f"{self.name}: {said}", *self.bent))


@dataclass
class Drafts:
    """All files of a collection, in the order of their names."""

    pieces: list[Draft] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)


class Drafter:
    """Makes drafts of files.

    `declared_tunes` are tune families that the system was trained on: no whole chorale is put
    beside an excerpt of them, nor of those that are set aside for samples.
    """

    def __init__(
        self, corpus: Corpus, excerpts: Sequence[Excerpt], declared_tunes: frozenset[str], seed: int
    ) -> None:
        self._corpus = corpus
        self._excerpts: dict[str, list[Excerpt]] = {}
        self._by_id: dict[int, Excerpt] = {}
        choices = []
        for row in sorted(excerpts, key=lambda each: (each.work.bwv, each.start, each.stop)):
            # A row may have outlived its work in the corpus, if a piece was made of it.
            if (work := corpus.works.get(row.work.bwv)) is None:
                continue
            self._excerpts.setdefault(work.bwv, []).append(row)
            self._by_id[row.pk] = row
            if not row.named and row.work.tune not in declared_tunes | SET_ASIDE_TUNES:
                part = work.chorale.slice(row.start, row.stop)
                choices.append(BachExcerpt(row.pk, row.work.tune, part))
        self._chooser = ExcerptChooser(choices, seed)

    def draft(self, files: CollectionFiles, digests: Mapping[str, str | None]) -> Drafts:
        """Drafts of all files that are music.

        Parameters
        ----------
        files : CollectionFiles
        digests : mapping of name to sha256
            Of each file that is music; None where it could not be read.

        Raises
        ------
        CollectionError
            If a file is no longer what it was, or all take longer than `MAX_SECONDS`.
        """
        drafts = Drafts()
        began = thread_time()
        for name in digests:
            if thread_time() - began > MAX_SECONDS:
                raise CollectionError(
                    f"reading took longer than {MAX_SECONDS:.0f} seconds at {name!r}; give several "
                    "collections"
                )
            remarks: list[Remark] = []
            try:
                data = files.read(name)
                if sha256(data).hexdigest() != digests[name]:
                    raise CollectionError(f"{name!r} changed while it was read")
                pieces = self._pieces(name, data, remarks)
            except (FormatError, NoMatch) as error:
                drafts.files.append(FileReport(name, reason=in_one_line(str(error))))
            else:
                drafts.pieces += pieces
                bent = tuple(str(remark) for remark in remarks if remark.kind in _TO_REPORT)
                drafts.files.append(FileReport(name, accepted=_accepted(pieces), bent=bent))
        return drafts

    def _pieces(self, name: str, data: bytes, remarks: list[Remark]) -> list[Draft]:
        if not name.lower().endswith(_ENDINGS):
            raise FormatError(f"neither a MIDI nor a MusicXML file ({', '.join(_ENDINGS)})")
        chorale = four_part_chorale(data, PurePosixPath(name).name, remarks)
        if fill := fill_name(name):
            return self._fill(name, chorale, *fill)
        chosen, span = self._chooser.choose(chorale, name)
        # What a file says of itself is no reason to call it a work by Bach.
        part = replace(with_fermatas(chorale).slice(*span), bwv="", title="")
        excerpt = self._by_id[chosen.key]
        return [Draft(_source(name, span), VOICES, excerpt, True, part)]

    def _fill(self, name: str, chorale: Chorale, work: str, condition: str) -> list[Draft]:
        filled = checked_fill(chorale, work, condition, self._corpus)
        rows = self._excerpts.get(filled.bwv, [])
        if not rows:
            raise FormatError(f"{filled.bwv} has no excerpts, so nothing of it is played")
        return [
            Draft(
                _source(name, (row.start, row.stop)),
                condition,
                row,
                False,
                filled.slice(row.start, row.stop),
            )
            for row in rows
        ]


def music_names(files: CollectionFiles) -> Iterator[str]:
    """The files to be read as music: all but the declared works and what systems leave behind."""
    for name in files.names:
        if name != WORKS_FILE and not is_litter(name):
            yield name


def _source(name: str, span: Span) -> str:
    return f"{name}#{span[0]}-{span[1]}"


def _accepted(pieces: Sequence[Draft]) -> str:
    first = pieces[0]
    if not first.whole:
        excerpts = "excerpt" if len(pieces) == 1 else "excerpts"
        return f"{first.condition} of {first.excerpt.work.bwv}, {len(pieces)} {excerpts}"
    return f"whole chorale, steps {first.source.rsplit('#', 1)[1]} beside {first.excerpt}"
