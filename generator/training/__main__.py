"""`python -m generator.training FAMILY --config FILE.toml --out FILE.safetensors`."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from generator.errors import GeneratorError
from generator.registry import TRAINERS, trainer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m generator.training", description=__doc__)
    parser.add_argument("family", choices=sorted(TRAINERS))
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, help="of torch; default: its own choice")
    parser.add_argument("--fold", type=int, help="train this member alone, of a config with folds")
    parser.add_argument("--seed", type=int, help="instead of the config's")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    command = "python -m generator.training " + " ".join(sys.argv[1:])
    if options.threads:
        import_module("torch").set_num_threads(options.threads)
    try:
        config = tomllib.loads(options.config.read_text())
        if options.seed is not None:
            config["training"]["seed"] = options.seed
        train = trainer(options.family)
        only = {} if options.fold is None else {"fold": options.fold}
        scores = train(config, options.out, command=command, progress=not options.quiet, **only)
    except (OSError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        sys.exit(f"{options.config}: {error!r}; mend the config or its path")
    except (GeneratorError, ValueError) as error:
        sys.exit(str(error))
    print(json.dumps(scores, indent=1))


if __name__ == "__main__":
    main()
