"""Trains a family and writes a checkpoint; the same command resumes a run that was stopped."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tomllib
from pathlib import Path

from generator.errors import GeneratorError
from generator.registry import Registry, installed
from generator.training.run import ConfigError, train
from generator.training.trainer import Config


def main() -> None:
    registry = installed()
    options = _parser(registry).parse_args()
    command = "python -m generator.training " + " ".join(sys.argv[1:])
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO, format="%(message)s"
    )
    try:
        config = _config(options.config)
        if options.seed is not None and isinstance(config.get("training"), dict):
            config["training"]["seed"] = options.seed
        kind = registry.trainer(options.family)
        if options.threads:
            kind.use_threads(options.threads)
        scores = train(
            kind, config, options.out, command=command, progress=not options.quiet,
            fold=options.fold,
        )  # fmt: skip
    except ConfigError as error:
        sys.exit(f"{options.config}: {error}")
    except OSError as error:
        sys.exit(f"{error.filename or options.out}: {error.strerror or error}")
    except (GeneratorError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps(scores, indent=1))


def _config(path: Path) -> Config:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(str(error)) from error


def _parser(registry: Registry) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument(
        "family", choices=sorted(registry.families), help="the kind of composer to train"
    )
    parser.add_argument("--config", type=Path, required=True, help="settings (a TOML file)")
    parser.add_argument(
        "--out", type=Path, required=True, help="the checkpoint to write (.safetensors)"
    )
    parser.add_argument(
        "--threads",
        type=_thread_count,
        help="number of threads of a family that uses torch (default: torch decides)",
    )
    parser.add_argument("--fold", type=int, help="train only the member for this fold")
    parser.add_argument("--seed", type=int, help="replaces the seed of the config")
    parser.add_argument("--quiet", action="store_true", help="show only warnings")
    return parser


def _thread_count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


if __name__ == "__main__":
    main()
