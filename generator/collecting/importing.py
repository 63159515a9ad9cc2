"""A collection becomes a version of a composer, with its pieces: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from generator.collecting.collection_error import CollectionError
from generator.collecting.collection_files import CollectionFiles, open_collection
from generator.collecting.drafts import WORKS_FILE, Draft, Drafter, FileReport, music_names
from generator.models import Composer, Excerpt, Pair, Piece, Version
from generator.music.corpus.works import Corpus, CorpusError, load_corpus
from generator.music.formats.format_errors import FormatError
from generator.music.formats.gridjson import to_json
from generator.registry import BACH
from generator.services.pieces import bach_piece
from generator.services.site_registry import site_registry

# Of columns.
MAX_SLUG = 50
MAX_COMPOSER_NAME = 100
MAX_LICENCE = 200


@dataclass(frozen=True)
class Imported:
    """The version, whether it is new, what became of each file, and the pieces to be made."""

    version: Version
    is_new: bool
    files: tuple[FileReport, ...] = ()
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True)
class CollectionOrder:
    """What to import, and what its maker says of it.

    Without a licence the pieces are stored and never played. `trained_on` are lines with the works
    that the system was trained on; they count as a file `works.txt` of the collection does.
    """

    slug: str
    path: Path
    name: str = ""
    licence: str = ""
    trained_on: str = ""
    seed: int = 0
    published: bool = True
    """Whether its version may be played at once; an upload's waits for a second person."""

    def __post_init__(self) -> None:
        try:
            validate_slug(self.slug)
        except ValidationError as error:
            raise CollectionError(
                f"slug {self.slug!r}; use letters, numbers, hyphens and underscores"
            ) from error
        for what, text, most in (
            ("slug", self.slug, MAX_SLUG),
            ("name", self.name, MAX_COMPOSER_NAME),
            ("licence", self.licence, MAX_LICENCE),
        ):
            if len(text) > most:
                raise CollectionError(f"the {what} has {len(text)} characters; use at most {most}")


def import_collection(
    order: CollectionOrder, before_rows: Callable[[], object] = lambda: None
) -> Imported:
    """Rows for a collection; the same one again changes nothing but its licence.

    `before_rows` is called in the transaction that stores them. Reading the files, which may take
    minutes, is outside of it: nobody else could write meanwhile.

    Raises
    ------
    CollectionError
        If the slug belongs to another kind of composer, the collection is refused as a whole, or no
        file of it is accepted.
    """
    _check_slug(order.slug)
    corpus = load_corpus(settings.CORPUS_FILE)
    with open_collection(order.path) as files:
        digests = {name: _digest(files, name) for name in music_names(files)}
        declared = _declared_works(order, files, corpus)
        digest = _version_digest(digests, declared)
        if version := Version.objects.filter(composer__slug=order.slug, sha256=digest).first():
            # What is uploaded again changes nothing of a version that may be published.
            licence = order.licence if order.published else ""
            return Imported(_licensed(version, licence), is_new=False)
        tunes = frozenset(corpus.works[bwv].tune for bwv in declared if bwv in corpus.works)
        excerpts = list(Excerpt.objects.select_related("work"))
        if not excerpts:
            raise CollectionError("there are no excerpts by Bach yet; run make setup")
        drafts = Drafter(corpus, excerpts, tunes, order.seed).draft(files, digests)
    if not drafts.pieces:
        raise CollectionError(
            "no file was accepted:\n" + "\n".join(str(file) for file in drafts.files)
        )
    with transaction.atomic():
        before_rows()
        return _stored(order, digest, declared, drafts.pieces, drafts.files)


def _stored(
    order: CollectionOrder,
    digest: str,
    declared: list[str],
    pieces: Iterable[Draft],
    files: Iterable[FileReport],
) -> Imported:
    composer, _ = Composer.objects.get_or_create(
        slug=order.slug,
        defaults={"name": order.name or order.slug, "kind": Composer.Kind.COLLECTION},
    )
    version, is_new = Version.objects.get_or_create(
        composer=composer,
        sha256=digest,
        defaults={
            "kind": Version.Kind.COLLECTION,
            "status": Version.Status.READY if order.published else Version.Status.CHECKING,
            "licence": order.licence,
            "members": [{"trained_on": declared, "fold": []}] if declared else [],
        },
    )
    if not is_new:  # somebody imported it meanwhile
        return Imported(version, is_new=False)
    waiting = dict.fromkeys(id_ for draft in pieces for id_ in _piece_ids(version, draft))
    return Imported(version, True, tuple(files), tuple(waiting))


def _piece_ids(version: Version, draft: Draft) -> list[int]:
    """The piece's id, after that of Bach's, which is made first."""
    piece = Piece.objects.create(
        version=version,
        source=draft.source,
        excerpt=None if draft.whole else draft.excerpt,
        tune="" if draft.whole else draft.excerpt.work.tune,
        condition=draft.condition,
        grid=to_json(draft.chorale),
    )
    bach, bach_is_new = bach_piece(draft.excerpt)
    if draft.whole:
        Pair.objects.create(
            kind=Pair.Kind.UNPAIRED,
            excerpt=draft.excerpt,
            tune=draft.excerpt.work.tune,
            bach=bach,
            machine=piece,
        )
    return [bach.pk] * bach_is_new + [piece.pk]


def _check_slug(slug: str) -> None:
    kinds = Composer.objects.filter(slug=slug).values_list("kind", flat=True)
    kind = kinds.first()
    if slug == BACH:
        kind = Composer.Kind.BACH
    elif site_registry().find_shipped(slug):
        kind = Composer.Kind.CHECKPOINT
    if kind and kind != Composer.Kind.COLLECTION:
        raise CollectionError(f"{slug!r} is a composer of kind {kind}; choose another slug")


def _licensed(version: Version, licence: str) -> Version:
    if licence and licence != version.licence:
        version.licence = licence
        version.save(update_fields=["licence"])
    return version


def _digest(files: CollectionFiles, name: str) -> str | None:
    try:
        return sha256(files.read(name)).hexdigest()
    except FormatError:
        return None  # its report says why


def _version_digest(digests: Mapping[str, str | None], declared: list[str]) -> str:
    """sha256 over the sorted names, each with the sha256 of its bytes, and the declared works."""
    whole = sha256()
    for name in sorted(digests):
        whole.update(f"{name}\0{digests[name] or ''}\n".encode())
    for bwv in declared:
        whole.update(f"trained on {bwv}\n".encode())
    return whole.hexdigest()


def _declared_works(order: CollectionOrder, files: CollectionFiles, corpus: Corpus) -> list[str]:
    text = order.trained_on
    if not text and WORKS_FILE in files.names:
        try:
            data = files.read(WORKS_FILE)
            text = data.decode("utf-8-sig")
        except (FormatError, UnicodeDecodeError) as error:
            raise CollectionError(f"{WORKS_FILE} cannot be read: {error}") from error
    names = [line.strip() for line in text.splitlines() if line.strip()]
    return sorted({_known_work(name, corpus) for name in names})


def _known_work(name: str, corpus: Corpus) -> str:
    try:
        return corpus.work(name).bwv
    except CorpusError as error:
        if excluded := next((bwv for bwv in corpus.excluded if bwv.lower() == name.lower()), ""):
            return excluded
        raise CollectionError(f"declared works: {error}") from error
