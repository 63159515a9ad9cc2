from __future__ import annotations

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminator import LISTENER_1, LISTENERS
from tests.generator.evaluation import listener_pieces

FEATURES = 104
DIGEST = "fa98e705c0efe313265635194006f8202113bf154f57bf138aae612d9c28026d"
SHARE, AUC = 0.75, 0.7675
MARGINS = (2.86625, 3.46026, 5.15482, 3.83615, 3.1156, 1.88072, 2.39991, -0.31677)
TABLE = 12414.612870682753


@pytest.fixture(scope="module")
def heard():
    pairs = listener_pieces.load()
    return LISTENER_1.hear(pairs)


def test_listener_1_hears_and_judges_by_what_it_was_frozen_with(heard):
    assert len(heard.names) == FEATURES
    assert LISTENER_1.digest(heard.names) == DIGEST


def test_listener_1_hears_what_it_heard(heard):
    assert float(np.abs(heard.bach).sum() + np.abs(heard.machine).sum()) == pytest.approx(TABLE)


def test_listener_1_judges_as_it_judged(heard):
    found = LISTENER_1.judge(heard)
    assert found.share == SHARE
    assert found.auc == pytest.approx(AUC)
    assert found.margins[: len(MARGINS)] == pytest.approx(MARGINS, abs=1e-3)


def test_another_setting_is_another_listener(heard):
    assert LISTENER_1.digest(heard.names[1:]) != DIGEST


def test_listeners_have_names_and_columns_of_their_own():
    assert LISTENERS[0] is LISTENER_1
    assert len({listener.version for listener in LISTENERS}) == len(LISTENERS)
    assert len({listener.score for listener in LISTENERS}) == len(LISTENERS)
