"""Trains a family and writes a checkpoint; the same command resumes a run that was stopped."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from importlib import import_module
from inspect import signature
from pathlib import Path

from generator.errors import GeneratorError
from generator.registry import TRAINERS, trainer


def main() -> None:
    options = _parser().parse_args()
    command = "python -m generator.training " + " ".join(sys.argv[1:])
    if options.threads:
        import_module("torch").set_num_threads(options.threads)
    try:
        config = tomllib.loads(options.config.read_text())
        if options.seed is not None:
            config["training"]["seed"] = options.seed
        train = trainer(options.family)
        only = {} if options.fold is None else {"fold": options.fold}
        if only and "fold" not in signature(train).parameters:
            sys.exit(f"--fold {options.fold}: the family {options.family} has no members")
        scores = train(config, options.out, command=command, progress=not options.quiet, **only)
    except KeyError as error:
        sys.exit(f"{options.config}: {error} is missing; see generator/training/configs")
    except (tomllib.TOMLDecodeError, TypeError) as error:
        sys.exit(f"{options.config}: {error}; see generator/training/configs")
    except OSError as error:
        sys.exit(f"{error.filename or options.out}: {error.strerror or error}")
    except (GeneratorError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps(scores, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("family", choices=sorted(TRAINERS), help="the kind of composer to train")
    parser.add_argument("--config", type=Path, required=True, help="settings (a TOML file)")
    parser.add_argument(
        "--out", type=Path, required=True, help="the checkpoint to write (.safetensors)"
    )
    parser.add_argument(
        "--threads", type=int, help="number of torch threads (default: torch decides)"
    )
    parser.add_argument("--fold", type=int, help="train only the member for this fold")
    parser.add_argument("--seed", type=int, help="replaces the seed of the config")
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    return parser


if __name__ == "__main__":
    main()
