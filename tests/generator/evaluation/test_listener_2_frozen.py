from __future__ import annotations

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminator import DISCRIMINATOR_2, DISCRIMINATORS
from tests.generator.evaluation import listener_pieces

FEATURES = 509
DIGEST = "c3dd5c8b53352b893bce82e0a084373d36121847d378929bce129021af9b0b61"
SHARE, AUC = 0.8, 0.7975
MARGINS = (6.42731, 1.63232, 7.66173, 6.57962, 6.40083, -2.38195, 5.99791, 0.98743)
TABLE = 14626.694965481849
FIGURES = 25675


@pytest.fixture(scope="module")
def features():
    return DISCRIMINATOR_2.extract(listener_pieces.load())


def test_listener_2_has_the_features_and_settings_it_was_frozen_with(features):
    assert DISCRIMINATORS[1] is DISCRIMINATOR_2
    assert len(features.names) == FEATURES
    assert DISCRIMINATOR_2.digest(features.names) == DIGEST


def test_listener_2_extracts_what_it_extracted(features):
    numbers = np.abs(features.bach).sum() + np.abs(features.machine).sum()
    assert float(numbers) == pytest.approx(TABLE)
    assert features.bach_figures.shape[1] == FIGURES


def test_listener_2_scores_as_it_scored(features):
    report = DISCRIMINATOR_2.cross_validate(features)
    assert report.share == SHARE
    assert report.auc == pytest.approx(AUC)
    assert report.margins[: len(MARGINS)] == pytest.approx(MARGINS, abs=1e-3)


def test_another_setting_of_listener_2_is_another_listener(features):
    assert DISCRIMINATOR_2.digest(features.names[1:]) != DIGEST
