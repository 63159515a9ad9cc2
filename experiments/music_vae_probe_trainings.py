"""Two short trainings of MusicVAE that differ in one thing: whether segments are transposed.

    python -m experiments.music_vae_probe_trainings transposed
    python -m experiments.music_vae_probe_trainings as_written

`music_vae_latent` asks both how well the key can be read from z.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from generator.registry import installed
from generator.training import run

CONFIG = Path(run.__file__).parent / "configs/music_vae.toml"
STEPS = 2500
SHARES = {"transposed": 1.0, "as_written": 0.0}


def checkpoint(name: str) -> Path:
    return Path("var/experiments") / f"music_vae_{name}.safetensors"


def main(name: str) -> None:
    config = tomllib.loads(CONFIG.read_text())
    config["data"]["transposed"] = SHARES[name]
    config["training"]["steps"] = STEPS
    command = f"python -m experiments.music_vae_probe_trainings {name}"
    trainer = installed().trainer("music_vae")
    trainer.use_threads(1)
    run.train(trainer, config, checkpoint(name), command=command)


if __name__ == "__main__":
    main(sys.argv[1])
