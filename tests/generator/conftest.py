"""The real corpus for every test here: built where it is missing or old, read where it is not."""

from __future__ import annotations

import pytest
from django.conf import settings

from generator.music.corpus.build import build_corpus
from generator.music.corpus.works import Corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return build_corpus(settings.CORPUS_FILE)
