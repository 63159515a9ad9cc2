"""DeepBach as it installs from PyPI (`deepbach-pytorch`), at its own defaults, for the same work.

Its weights are random, since the time of a fill does not depend on them. Only its sampler is timed,
with the sizes and settings of its `harmonize()`: not the data step, which reads the corpus with
music21 for minutes, and not the writing of the score.
"""

from __future__ import annotations

from contextlib import redirect_stderr
from importlib import metadata
from io import StringIO
from types import SimpleNamespace

import torch
from torch import Tensor

PACKAGE = "deepbach-pytorch"
ITERATIONS, BATCH = 500, 8  # of its `harmonize()`
SIZES = {
    "note_embedding_dim": 20,
    "meta_embedding_dim": 20,
    "num_layers": 2,
    "lstm_hidden_size": 256,
    "dropout_lstm": 0.5,
    "linear_hidden_size": 256,
}
VOCABULARY = 64  # notes of a voice, about as many as in its corpus
METAS = (2, 4, 16, 4)  # fermata, tick, key; the voice
SPAN = 16  # ticks of context on either side


class PeerMissing(Exception):
    """The package is not installed; the message says how to install it."""


class InstalledDeepBach:
    """Its four networks; `fill` writes alto, tenor and bass."""

    def __init__(self) -> None:
        try:
            from deepbach_pytorch.DeepBach.model_manager import DeepBach as Networks
        except ImportError as error:
            raise PeerMissing(
                f"no {PACKAGE} ({error}); run .venv/bin/pip install -r requirements-bench.txt"
            ) from error
        self.version = metadata.version(PACKAGE)
        self._networks = Networks(_shapes(), **SIZES)
        self._networks.eval_phase()

    def fill(self, steps: int) -> None:
        with redirect_stderr(StringIO()):  # its progress bar
            self._networks.parallel_gibbs(
                tensor_chorale=torch.randint(VOCABULARY, (4, steps + 2 * SPAN)),
                tensor_metadata=_metas(steps + 2 * SPAN),
                timesteps_ticks=SPAN,
                num_iterations=ITERATIONS,
                batch_size_per_voice=BATCH,
                time_index_range_ticks=[SPAN, SPAN + steps],
                voice_indices=[1, 2, 3],
            )


def _shapes() -> SimpleNamespace:
    """The parts of a data set that its networks use."""
    return SimpleNamespace(
        num_voices=4,
        note2index_dicts=[dict.fromkeys(range(VOCABULARY))] * 4,
        metadatas=[SimpleNamespace(num_values=values) for values in METAS[:-1]],
    )


def _metas(ticks: int) -> Tensor:
    return torch.stack([torch.randint(values, (4, ticks)) for values in METAS], dim=-1)
