"""The leak attack: predicts Bach's side from everything about the clips except the music.

It plays as a listener does and records for each side what a browser can see: the JSON, every
header, the size, the response time, length, loudness, silence at the start, the container's bytes.
From the differences left - right of some rounds it learns to predict the side in others.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyloudnorm
import soundfile
from django.test import Client
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bachtest.game.models import Round
from tests.game.player import Player

FRAME_BYTES = 4
FOLDS = 6
RESAMPLES = 1000


@dataclass(frozen=True)
class Bank:
    """What the attack saw: left minus right for each round, Bach's side, and the tune family."""

    differences: NDArray[np.float64]
    bach_left: NDArray[np.bool_]
    tunes: NDArray[np.str_]


@dataclass(frozen=True)
class Finding:
    """What a learner predicts of tunes that it has not seen, with a 95 % interval over tunes."""

    learner: str
    right: int
    rounds: int
    p: float
    auc: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.learner}: {self.right} of {self.rounds} right, p = {self.p:.3f}, "
            f"AUC {self.auc:.3f} [{self.low:.3f}, {self.high:.3f}]"
        )


def play_banks(slugs: Sequence[str]) -> Bank:
    """A listener for each study, since nobody hears a tune twice."""
    banks = [play_bank(Player(Client()), slug) for slug in slugs]
    return Bank(
        np.concatenate([bank.differences for bank in banks]),
        np.concatenate([bank.bach_left for bank in banks]),
        np.concatenate([bank.tunes for bank in banks]),
    )


def play_bank(player: Player, study: str = "bank") -> Bank:
    """In every round of the study, inspect both clips, then answer to learn the side."""
    rounds = player.start(study=study)["rounds"]
    differences, sides, tunes = [], [], []
    for number in range(rounds):
        current = player.current()["round"]
        clips = current["clips"]
        order = clips if number % 2 else clips[::-1]
        seen = {clip["side"]: features(player, clip) for clip in order}
        differences.append(seen["left"] - seen["right"])
        player.listen(current["id"])
        sides.append(player.answer(current["id"]).json()["bach"] == "left")
        tunes.append(Round.objects.get(id=current["id"]).pair.tune)
    return Bank(np.array(differences), np.array(sides), np.array(tunes))


def features(player: Player, clip: dict[str, Any]) -> NDArray[np.float64]:
    started = time.perf_counter()
    response = player.client.get(clip["url"])
    seconds = time.perf_counter() - started
    part = player.client.get(clip["url"], headers={"Range": "bytes=0-99"})
    assert response.status_code == 200
    headers = [*response.items(), *part.items()]
    return np.array(
        [
            clip["seconds"],
            len(clip["url"]),
            _number(list(clip)),
            seconds,
            len(response.content),
            len(headers),
            _number([name for name, _ in headers]),
            # Summed one by one, so that whatever both sides share, such as a date, cancels out.
            sum(_number(header) for header in headers),
            *audio_features(response.content),
            *container_features(response.content),
        ],
        dtype=np.float64,
    )


@lru_cache(maxsize=1024)
def audio_features(content: bytes) -> tuple[float, ...]:
    sound, rate = soundfile.read(io.BytesIO(content))
    audible = np.flatnonzero(np.abs(sound).max(axis=1) > 1e-4)
    loudness = pyloudnorm.Meter(rate).integrated_loudness(sound)
    return (len(sound), rate, sound.shape[1], loudness, audible[0], audible[-1])


def container_features(content: bytes) -> list[float]:
    """Frames by their own headers, and whatever lies before, between and after them."""
    size = frame_bytes(content[:FRAME_BYTES]) or 1
    heads = [content[at : at + FRAME_BYTES] for at in range(0, len(content), size)]
    return [
        len(heads),
        len({frame_bytes(head) for head in heads}),
        len(content) % size,
        *content[:FRAME_BYTES],
        float(content[:3] == b"ID3"),
        float(b"TAG" in content[-128:]),
        float(b"LAME" in content),
        float(b"Xing" in content or b"Info" in content),
    ]


def frame_bytes(head: bytes) -> int:
    """Length of an MPEG-1 layer III frame by its header; 0 if there is no header."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
    sample_rates = (44100, 48000, 32000, 0)
    if len(head) < FRAME_BYTES or head[0] != 0xFF or head[1] & 0xFE != 0xFA:
        return 0
    rate = sample_rates[head[2] >> 2 & 3]
    return 144000 * rates[head[2] >> 4] // rate + (head[2] >> 1 & 1) if rate else 0


def _number(value: Sequence[str]) -> int:
    return int(hashlib.sha256("\n".join(value).encode()).hexdigest()[:6], 16)


def p_value(bank: Bank) -> float:
    """Probability of so many right predictions by chance; doubled, as the best of two learners."""
    return min(1.0, 2 * min(finding.p for finding in findings(bank)))


def findings(bank: Bank) -> list[Finding]:
    return [_finding(name, learner, bank) for name, learner in _learners().items()]


def _learners() -> dict[str, Any]:
    return {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=2000)),
        "trees": ExtraTreesClassifier(n_estimators=100, min_samples_leaf=2, random_state=0),
    }


def _finding(name: str, learner: Any, bank: Bank) -> Finding:
    scores = np.zeros(len(bank.differences))
    for train, test in GroupKFold(FOLDS).split(bank.differences, groups=bank.tunes):
        # Both orders of each round, so that the learner cannot exploit Bach's more frequent side.
        seen = np.vstack([bank.differences[train], -bank.differences[train]])
        learner.fit(seen, np.concatenate([bank.bach_left[train], ~bank.bach_left[train]]))
        left = list(learner.classes_).index(True)
        scores[test] = learner.predict_proba(bank.differences[test])[:, left]
    right = int(np.sum((scores > 0.5) == bank.bach_left))
    p = float(binomtest(right, len(scores), alternative="greater").pvalue)
    auc = float(roc_auc_score(bank.bach_left, scores))
    return Finding(name, right, len(scores), p, auc, *_interval(bank, scores))


def _interval(bank: Bank, scores: NDArray[np.float64]) -> tuple[float, float]:
    """Of the AUC: tune families are drawn anew, as other tunes might have been in the bank."""
    rng = np.random.default_rng(0)
    tunes = [np.flatnonzero(bank.tunes == tune) for tune in np.unique(bank.tunes)]
    aucs = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([tunes[k] for k in rng.integers(len(tunes), size=len(tunes))])
        if len(set(bank.bach_left[drawn])) == 2:
            aucs.append(roc_auc_score(bank.bach_left[drawn], scores[drawn]))
    low, high = np.percentile(aucs, [2.5, 97.5])
    return float(low), float(high)
