from __future__ import annotations

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminator import DISCRIMINATOR_1, DISCRIMINATORS
from tests.generator.evaluation import listener_pieces

FEATURES = 104
DIGEST = "fa98e705c0efe313265635194006f8202113bf154f57bf138aae612d9c28026d"
SHARE, AUC = 0.75, 0.7675
MARGINS = (2.86625, 3.46026, 5.15482, 3.83615, 3.1156, 1.88072, 2.39991, -0.31677)
TABLE = 12414.612870682753


@pytest.fixture(scope="module")
def features():
    return DISCRIMINATOR_1.extract(listener_pieces.load())


def test_listener_1_has_the_features_and_settings_it_was_frozen_with(features):
    assert len(features.names) == FEATURES
    assert DISCRIMINATOR_1.digest(features.names) == DIGEST


def test_listener_1_extracts_what_it_extracted(features):
    assert float(np.abs(features.bach).sum() + np.abs(features.machine).sum()) == pytest.approx(
        TABLE
    )


def test_listener_1_scores_as_it_scored(features):
    report = DISCRIMINATOR_1.cross_validate(features)
    assert report.share == SHARE
    assert report.auc == pytest.approx(AUC)
    assert report.margins[: len(MARGINS)] == pytest.approx(MARGINS, abs=1e-3)


def test_another_setting_is_another_listener(features):
    assert DISCRIMINATOR_1.digest(features.names[1:]) != DIGEST


def test_listeners_have_names_and_columns_of_their_own():
    assert DISCRIMINATORS[0] is DISCRIMINATOR_1
    assert len({each.version for each in DISCRIMINATORS}) == len(DISCRIMINATORS)
    assert len({each.score for each in DISCRIMINATORS}) == len(DISCRIMINATORS)
