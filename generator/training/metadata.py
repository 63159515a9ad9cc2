"""What a checkpoint says about its training; `families/checkpoint.py` lists the keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from generator.training.splits import SplitPart


def training_metadata(
    config: dict[str, Any],
    parts: Sequence[dict[str, SplitPart]],
    metrics: Sequence[dict[str, float]],
    *,
    seed: int,
    command: str,
) -> dict[str, str]:
    """Metadata of a composer; `parts` and `metrics` have one item for each member.

    One member has its works, data and metrics alone; several have lists of them, and `folds`.
    """
    works = [part["train"].names for part in parts]
    data = [part["train"].digest() for part in parts]
    metadata = {
        "split": config["data"]["split"],
        "seed": str(seed),
        "command": command,
        "training": json.dumps(config),
    }
    if len(parts) == 1:
        single = {"works": works[0], "metrics": metrics[0]}
        return metadata | {"data": data[0]} | _as_json(single)
    folds = [part["test"].names for part in parts]
    return metadata | _as_json({"works": works, "data": data, "metrics": metrics, "folds": folds})


def _as_json(values: dict[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value) for name, value in values.items()}
