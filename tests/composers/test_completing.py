"""Composers that nobody uploaded get scores and samples too, once listeners' pieces are made."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.timezone import now
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from bachtest.composers.checking.completing import LONGEST, complete_others, complete_version
from bachtest.composers.models import Sample
from generator.collecting.importing import CollectionOrder
from generator.models import Excerpt, Pair, Piece, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.works import Corpus
from generator.registry import OURS, Registry, Shipped, Starter
from generator.services.pairs import SET_ASIDE_REASON
from generator.tasks import collect
from tests.builders import file_of, make_composer, save_miniature
from tests.composers.material import LEARNT, SCORE, keep_works, midi_of, zip_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue", "few_stages")]


def completed(version: Version) -> None:
    while complete_version.func(version.pk):
        pass


@pytest.fixture
def shipped(corpus: Corpus, tmp_path: Path, settings: Settings) -> Version:
    keep_works(corpus)
    path = save_miniature(tmp_path / "mini.safetensors", trained_on=LEARNT)
    entry = OURS["markov"]
    row = Shipped("mini", "Mini", path)
    settings.REGISTRY = Registry(
        {"markov": type(entry)(entry.family, entry.trainer, (row,), Starter("mini", 1.0, {}))}
    )
    return make_composer("mini", **file_of(path, "markov")).versions.get()


def test_what_comes_with_the_code_is_heard_on_its_page(shipped: Version) -> None:
    assert complete_others() == 1
    completed(shipped)
    samples = list(Sample.objects.filter(version=shipped))
    assert {sample.piece.tune for sample in samples} <= SET_ASIDE_TUNES and len(samples) == 2
    assert complete_others() == 0


def test_listeners_come_first(shipped: Version) -> None:
    excerpt = Excerpt.objects.first()
    assert excerpt
    waits = Piece.objects.create(
        version=shipped, excerpt=excerpt, condition="S", tune=excerpt.work.tune
    )
    assert complete_others() == 0
    waits.delete()
    assert complete_others() == 1


def test_a_collection_that_a_command_imported_is_scored_and_heard(
    corpus: Corpus, tmp_path: Path
) -> None:
    keep_works(corpus, tests=12)
    path = tmp_path / "pieces.zip"
    path.write_bytes(zip_bytes({f"{b}.mid": midi_of(corpus, b) for b in list(corpus.works)[:8]}))
    version = collect(CollectionOrder("system", path, licence="CC0-1.0")).version
    Piece.objects.by_bach().update(status=Piece.Status.FAILED)  # nobody waits for them
    assert complete_others() == 1
    completed(version)
    assert version.scores.rows == {"ATB": [SCORE], "summary": []}
    aside = Pair.objects.filter(excluded_reason=SET_ASIDE_REASON).values_list("machine", flat=True)
    assert set(version.samples.values_list("piece", flat=True)) == set(aside)


def test_a_task_of_a_worker_that_was_killed_stops_nothing(shipped: Version) -> None:
    row = DBTaskResult.objects.create(
        task_path=complete_version.module_path,
        args_kwargs={"args": [shipped.pk], "kwargs": {}},
        backend_name="default",
        status=TaskResultStatus.RUNNING,
        started_at=now(),
    )
    assert complete_others() == 0
    DBTaskResult.objects.filter(pk=row.pk).update(started_at=now() - LONGEST)
    assert complete_others() == 1
