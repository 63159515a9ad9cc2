"""The config of a network, and the tensors that its checkpoint holds. It needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.families.biaxial.piano_roll import INPUTS
from generator.families.tensor_forms import TensorForm

MAX_WIDTH = 1024
HIGHEST = 127


@dataclass(frozen=True)
class BiaxialConfig:
    """The keys that there are, and the sizes of the network.

    Raises
    ------
    ValueError
        If a size cannot be, or the keys are no MIDI pitches.
    """

    lowest: int = 36
    """MIDI pitch of the first key."""
    keys: int = 46
    time_width: int = 100
    note_width: int = 50
    dropout: float = 0.25
    """Share of the units that training drops after each layer."""

    def __post_init__(self) -> None:
        for name in ("lowest", "keys", "time_width", "note_width"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ValueError(f"{name} = {value!r}; it must be a whole number")
        if not 0 <= self.lowest <= HIGHEST:
            raise ValueError(f"lowest = {self.lowest}; use a MIDI pitch, 0 to {HIGHEST}")
        if not 1 <= self.keys <= HIGHEST + 1 - self.lowest:
            raise ValueError(
                f"keys = {self.keys}; use 1 to {HIGHEST + 1 - self.lowest} from {self.lowest} on"
            )
        for name in ("time_width", "note_width"):
            if not 1 <= getattr(self, name) <= MAX_WIDTH:
                raise ValueError(f"{name} = {getattr(self, name)}; use 1 to {MAX_WIDTH}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout = {self.dropout}; it must be from 0 to below 1")


def forms_of(config: BiaxialConfig) -> Mapping[str, TensorForm]:
    """Type and shape of each tensor, by its name in the network."""
    time, notes = config.time_width, config.note_width
    layers = {
        "time.0": (INPUTS, time),
        "time.1": (time, time),
        "notes": (time + 2, notes),
    }
    forms: dict[str, TensorForm] = {}
    for layer, (inputs, width) in layers.items():
        forms[f"{layer}.hidden"] = forms[f"{layer}.cell"] = ("float16", (width,))
        forms[f"{layer}.lstm.weight_ih_l0"] = ("float16", (4 * width, inputs))
        forms[f"{layer}.lstm.weight_hh_l0"] = ("float16", (4 * width, width))
        for bias in ("bias_ih_l0", "bias_hh_l0"):
            forms[f"{layer}.lstm.{bias}"] = ("float16", (4 * width,))
    forms["output.weight"] = ("float16", (2, notes))
    forms["output.bias"] = ("float16", (2,))
    return forms
