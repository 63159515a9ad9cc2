"""The settings of a fill by the flagship."""

from __future__ import annotations

from dataclasses import dataclass

from generator.families.settings import Setting

MAX_WEIGHT = 10.0
"""The most that the melodic head, biases or a critic may count; far above, floats overflow."""
TEMPERATURES = (0.001, 100.0)
SETTINGS = {
    "sweeps": Setting(36, 0, 1000, "Gibbs sweeps over the beats"),
    "block_spacing": Setting(
        3, 1, 64, "a sweep rewrites every n-th beat, too far apart to affect each other"
    ),
    "temperature": Setting(0.3, *TEMPERATURES, "temperature of pitches"),
    "rhythm": Setting(
        0.7,
        *TEMPERATURES,
        "temperature of whether a note begins; if it is low, passing notes are lost",
    ),
    "cooling": Setting(
        0.5,
        *TEMPERATURES,
        "factor on the temperature in the last sweep; it falls evenly until then",
    ),
    "melodic_weight": Setting(
        0.5, 0.0, MAX_WEIGHT, "how much the melodic head counts; at 1 it outweighs the harmony"
    ),
    "bias": Setting(
        1.0, 0.0, MAX_WEIGHT, "how much the biases against habits of the sampler count"
    ),
    "critic": Setting(9.0, 0.0, MAX_WEIGHT, "how much the critic's judgement counts"),
    "critic_sweeps": Setting(
        72, 0, 1000, "Gibbs sweeps in which a critic, if there is one, chooses among drafts"
    ),
    "drafts": Setting(8, 1, 100, "drafts of a beat among which it chooses"),
    "critic_spacing": Setting(4, 1, 64, "such a sweep rewrites every n-th beat"),
    "reheating": Setting(
        1.17, *TEMPERATURES, "factor on the temperature of pitches in these sweeps"
    ),
    "repairs": Setting(24, 0, 1000, "rounds of repair at most; 0 leaves the faults in"),
    "repair_drafts": Setting(
        6, 1, 100, "drafts of a repair; of those with the fewest faults, a critic chooses"
    ),
    "repair_temperature": Setting(
        1.1, *TEMPERATURES, "temperature of pitches in repair: what was most probable was wrong"
    ),
}
"""Settings of a fill; the defaults are what plays in the quiz."""


@dataclass(frozen=True)
class SamplingConfig:
    """The values of `SETTINGS` in one fill."""

    sweeps: int
    block_spacing: int
    temperature: float
    rhythm: float
    cooling: float
    melodic_weight: float
    bias: float
    critic: float
    critic_sweeps: int
    drafts: int
    critic_spacing: int
    reheating: float
    repairs: int
    repair_drafts: int
    repair_temperature: float
