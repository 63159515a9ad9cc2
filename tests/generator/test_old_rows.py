"""What becomes of rows that older code wrote: the migrations, there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Value

from bachtest.studies.models import Study
from generator.families.flagship.sampling.config import SETTINGS
from generator.families.settings import Setting, as_json, checked_values
from generator.models import Composer, Pair, Piece, Rendering, Version, Work
from tests.builders import make_composer, make_pair, make_piece, make_rendering, make_version

# The fixture asks the database in a way of its own.
pytestmark = pytest.mark.database

BEFORE_NAMES, NAMES, BEFORE_SETTINGS, NEW = (
    "0004_excluded_reason",
    "0005_setting_names",
    "0009_drop_in_quiz",
    "0018_repair_drafts",
)
INSTALLED = datetime(2026, 11, 20, tzinfo=UTC)
OLD_SETTINGS = {
    "order": "time",
    "stride": 1,
    "sweeps": 36,
    "spacing": 3,
    "temperature": 0.3,
    "rhythm": 0.7,
    "cooling": 0.5,
    "lines": 0.5,
    "bias": 1.0,
    "repairs": 24,
    "mending": 1.1,
}


@pytest.fixture
def migrated(transactional_db) -> Iterator[Callable[[str], Any]]:
    """Brings the tables of the generator to a migration; gives a model of that time by name."""
    Study.objects.all().delete()  # the quiz names the newest versions of composers

    def to(name: str) -> Callable[[str], Any]:
        executor = MigrationExecutor(connection)
        executor.migrate([("generator", name)])
        apps = MigrationExecutor(connection).loader.project_state([("generator", name)]).apps
        return lambda model: apps.get_model("generator", model)

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def add_old_pair(model: Callable[[str], Any], number: int, composer: Any, **fields: Any) -> Any:
    """Bach's piece and the composer's of a new work; the machine's piece is given back."""
    bach, _ = model("Composer").objects.get_or_create(slug="bach", kind="bach", name="J. S. Bach")
    work = model("Work").objects.create(bwv=f"BWV{number}", title="-", tune=f"tune-{number}")
    excerpt = model("Excerpt").objects.create(work=work, start=0, stop=64)
    pieces = []
    for author, condition in ((bach, ""), (composer, "ATB")):
        clip = default_storage.save(f"clips/{number}{condition}.mp3", ContentFile(b"sound"))
        made = {"clip": clip, "seconds": 2.0, "fingerprint": "f" * 64, "loudness": -18.0}
        piece = {"excerpt": excerpt, "composer": author, "condition": condition, "status": "done"}
        pieces.append(model("Piece").objects.create(**piece | made | fields))
    pair = {"differing": 0.5, "excluded_reason": "a wrong note" if number > 1 else ""}
    model("Pair").objects.create(bach=pieces[0], machine=pieces[1], **pair)
    return pieces[1]


def add_old_composer(model: Callable[[str], Any], slug: str, sha: str, **fields: Any) -> Any:
    made = {"kind": "checkpoint", "family": "flagship", "checkpoint": "flagship.safetensors"}
    return model("Composer").objects.create(
        slug=slug, name=slug, sha256=sha * 64, created=INSTALLED, **made | fields
    )


def test_settings_get_their_names_of_today_and_the_old_ones_back(migrated):
    old = migrated(BEFORE_NAMES)
    flagship = add_old_composer(old, "flagship", "a")
    every, odd, ordered = (
        add_old_pair(old, number, composer, settings=settings).id
        for number, (composer, settings) in enumerate(
            [
                (flagship, OLD_SETTINGS),
                (flagship, OLD_SETTINGS | {"stride": 2, "order": "confidence", "mending": 0.8}),
                (flagship, {"spacing": 2}),
            ]
        )
    )
    pieces = migrated(NAMES)("Piece").objects
    settings = pieces.get(id=every).settings
    since = {"critic", "critic_sweeps", "drafts", "critic_spacing", "reheating", "repair_drafts"}
    defaults = checked_values(SETTINGS, {})
    assert settings == {name: value for name, value in defaults.items() if name not in since}
    # A value that a setting never had by default stays as a record.
    assert pieces.get(id=odd).settings.items() >= {
        ("stride", 2),
        ("order", "confidence"),
        ("repair_temperature", 0.8),
    }
    assert pieces.get(id=ordered).settings == {"block_spacing": 2}
    back = migrated(BEFORE_NAMES)("Piece").objects.get(id=every).settings
    assert back == {k: v for k, v in OLD_SETTINGS.items() if k not in ("order", "stride")}


def test_versions_from_before_drafts_of_a_repair_write_one(migrated):
    old = migrated("0017_rendering_profile")
    known = as_json(SETTINGS)
    before = {name: known[name] for name in known if name != "repair_drafts"}
    composer = old("Composer").objects.create(slug="mine", name="Mine", kind="checkpoint")
    rows = [before, known, {"temperature": known["temperature"]}, {}]
    for sha, settings in enumerate(rows):
        composer.versions.create(settings=settings, sha256=str(sha))
    migrated(NEW)
    first, *others = Version.objects.order_by("sha256").values_list("settings", flat=True)
    assert first.pop("repair_drafts")["default"] == 1
    assert [first, *others] == rows


def test_each_composer_gets_a_version_and_each_clip_a_rendering(migrated):
    old = migrated(NAMES)
    flagship = add_old_composer(old, "flagship", "a", in_quiz=True)
    renamed = add_old_composer(old, "flagship-bbbbbbbb", "b")
    machine = add_old_pair(old, 1, flagship, settings={"sweeps": 3}, seed=5)
    add_old_pair(old, 2, renamed)
    default_storage.delete(add_old_pair(old, 3, flagship).clip.name)
    old("Piece").objects.filter(id=machine.id).update(fold=2, temperature=0.5, copied_run=4)
    pairs = list(old("Pair").objects.values("id", "bach", "machine", "differing"))
    migrated(NEW)
    slugs = Composer.objects.values_list("slug", flat=True).order_by("id")
    assert list(slugs) == ["flagship", "flagship-bbbbbbbb", "bach"]
    versions = Version.objects.values_list("composer", "sha256", "file", "family", "shipped")
    assert list(versions.order_by("id")) == [
        (flagship.id, "a" * 64, "flagship.safetensors", "flagship", True),
        (renamed.id, "b" * 64, "flagship.safetensors", "flagship", True),
    ]
    assert set(Version.objects.values_list("status", "created")) == {("ready", INSTALLED)}
    piece = Piece.objects.get(id=machine.id)
    assert (piece.version.composer_id, piece.tune, piece.source) == (flagship.id, "tune-1", "")
    settings = {"sweeps": 3, "temperature": 0.5}
    assert (piece.seed, piece.settings, piece.fold, piece.copied_run) == (5, settings, 2, 4)
    assert list(Pair.objects.values("id", "bach", "machine", "differing")) == pairs
    fields = Pair.objects.values_list("kind", "tune", "excerpt")
    assert list(fields) == list(
        Pair.objects.values_list(Value("paired"), "excerpt__work__tune", "bach__excerpt")
    )
    assert [pair.tune for pair in Pair.objects.playable()] == ["tune-1"]
    clip = Rendering.objects.get(piece=machine.id)
    assert (clip.kind, clip.seconds, clip.loudness) == ("clip", 2.0, -18.0)
    assert (clip.sha256, clip.bytes) == (sha256(b"sound").hexdigest(), 5)
    missing = Rendering.objects.get(piece__tune="tune-3", piece__condition="ATB")
    assert (missing.sha256, missing.bytes, missing.seconds) == ("", 0, 2.0)
    assert Rendering.objects.count() == 6


def test_the_way_back_gives_the_old_rows_again(migrated):
    old = migrated(NAMES)
    add_old_pair(old, 1, add_old_composer(old, "flagship", "a"))

    def rows(model: Callable[[str], Any]) -> list[list[Any]]:
        names = ("Composer", "Piece", "Pair", "Work", "Excerpt")
        return [list(model(name).objects.order_by("id").values()) for name in names]

    before = rows(old)
    migrated(NEW)
    assert rows(migrated(NAMES)) == before


def test_on_the_way_back_an_older_version_is_a_composer_again(migrated):
    composer = make_composer("flagship", sha256="a" * 64, created=INSTALLED)
    pair = make_pair(composer=composer)
    make_version(composer, sha256="b" * 64)
    make_rendering(pair.bach, "e" * 64)
    old = migrated(NAMES)
    slugs = old("Composer").objects.exclude(slug="bach").values_list("slug", "sha256")
    assert set(slugs) == {("flagship", "b" * 64), ("flagship-aaaaaaaa", "a" * 64)}
    assert old("Piece").objects.get(id=pair.machine_id).composer.slug == "flagship-aaaaaaaa"
    assert old("Piece").objects.get(id=pair.bach_id).composer.slug == "bach"
    assert old("Piece").objects.get(id=pair.bach_id).fingerprint == "e" * 64, "the newest"
    old("Pair").objects.all().delete()
    old("Piece").objects.all().delete()


def test_the_way_back_is_refused_where_rows_have_no_place(migrated):
    pair = make_pair()
    collected = Piece.objects.create(version=pair.machine.version, source="one.mid")
    Pair.objects.create(
        kind="unpaired", excerpt=pair.excerpt, tune=pair.tune, bach=pair.bach, machine=collected
    )
    with pytest.raises(CommandError, match="no place for 1 pieces without an excerpt, 1 pieces of"):
        migrated(NAMES)
    assert Version.objects.count() == 1
    assert Piece.objects.count() == 3
    assert Work.objects.count() == 1


FLAGSHIP = {"sweeps": 36, "temperature": 0.3, "rhythm": 0.7}
HALVED = {"temperature": 0.15, "rhythm": 0.35}
# Who, status, settings and factor of a piece; its settings today.
FACTORS = [
    ("flagship", "queued", {}, 0.5, HALVED),
    (
        "flagship",
        "queued",
        {"sweeps": 4, "rhythm": 1.0},
        0.5,
        HALVED | {"sweeps": 4, "rhythm": 0.5},
    ),
    ("flagship", "queued", {}, 1.0, {}),
    ("flagship", "queued", {"temperature": 0.2}, 1.0, {"temperature": 0.2}),
    ("flagship", "done", FLAGSHIP, 0.5, FLAGSHIP | HALVED),
    ("flagship", "done", FLAGSHIP, 1.0, FLAGSHIP),
    ("markov", "done", {}, 1.0, {"temperature": 1.0}),
    ("markov", "done", {}, 0.5, {"temperature": 0.5}),
    ("markov", "queued", {}, 0.5, {"temperature": 0.5}),
    ("markov", "queued", {}, 1.0, {}),
]


def add_factors(model: Callable[[str], Any]) -> list[int]:
    """A piece for each of the factors; the ids."""
    work = model("Work").objects.create(bwv="BWV1", title="-", tune="tune")
    excerpt = model("Excerpt").objects.create(work=work, start=0, stop=64)
    versions = {}
    for slug, defaults in {"flagship": FLAGSHIP, "markov": {}}.items():
        composer = model("Composer").objects.create(slug=slug, name=slug, kind="checkpoint")
        versions[slug] = model("Version").objects.create(
            composer=composer, family=slug, sha256=slug, settings=defaults
        )
    common = {"excerpt": excerpt, "tune": "tune", "condition": "ATB"}
    return [
        model("Piece")
        .objects.create(
            version=versions[slug],
            status=status,
            settings=settings,
            temperature=factor,
            seed=seed,
            **common,
        )
        .id
        for seed, (slug, status, settings, factor, _) in enumerate(FACTORS)
    ]


def test_a_factor_scales_what_the_piece_or_its_composer_has(migrated):
    ids = add_factors(migrated(BEFORE_SETTINGS))
    migrated(NEW)
    settings = [Piece.objects.get(id=piece).settings for piece in ids]
    assert settings == [expected for *_, expected in FACTORS]
    assert not Version.objects.exclude(settings={}).exists(), "set-up writes them"


def test_factors_come_back_where_settings_knew_no_temperature(migrated):
    ids = add_factors(migrated(BEFORE_SETTINGS))
    migrated(NEW)
    chain = as_json({"temperature": Setting(1.0, 0.01, 100.0, "of it")})
    for slug, settings in (("flagship", as_json(SETTINGS)), ("markov", chain)):
        Version.objects.filter(family=slug).update(settings=settings)
    old = migrated(BEFORE_SETTINGS)
    rows = [old("Piece").objects.get(id=piece) for piece in ids]
    for row, (slug, status, settings, factor, today) in zip(rows, FACTORS, strict=True):
        expected = (settings, factor) if slug == "markov" else (today, 1.0)
        assert (row.settings, row.temperature) == expected, (slug, status)
    versions = dict(old("Version").objects.values_list("family", "settings"))
    assert versions == {"flagship": checked_values(SETTINGS, {}), "markov": {}}


def test_pieces_of_collections_get_no_temperature(migrated):
    model = migrated(BEFORE_SETTINGS)
    composer = model("Composer").objects.create(slug="others", name="-", kind="collection")
    version = model("Version").objects.create(composer=composer, kind="collection")
    model("Piece").objects.create(version=version, source="one.mid", status="done")
    migrated(NEW)
    assert Piece.objects.get().settings == {}


def test_temperatures_and_budgets_go_there_and_back(migrated):
    chain = make_piece(settings={"temperature": 2.0}, budget_steps=7)
    network = make_piece(settings={"temperature": 0.3, "rhythm": 0.7})
    old = migrated(BEFORE_SETTINGS)("Piece").objects
    assert (old.get(id=chain.id).temperature, old.get(id=network.id).temperature) == (2.0, 1.0)
    old.filter(id=network.id).update(temperature=0.5)
    migrated(NEW)
    pieces = [Piece.objects.get(id=piece.id) for piece in (chain, network)]
    assert [(piece.settings, piece.budget_steps) for piece in pieces] == [
        ({"temperature": 2.0}, 7),
        ({"temperature": 0.15, "rhythm": 0.35}, None),
    ]
