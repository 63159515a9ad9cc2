"""`python -m generator.music.corpus`: builds the corpus file if it is missing or out of date."""

from __future__ import annotations

import sys

from generator.errors import GeneratorError
from generator.music.corpus.build import build_corpus
from generator.music.corpus.works import DEFAULT_FILE

if __name__ == "__main__":
    from tqdm import tqdm

    try:
        built = build_corpus(progress=lambda files: tqdm(files, desc="reading chorales"))
    except GeneratorError as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(f"{len(built.works)} works, {len(built.excluded)} excluded: {DEFAULT_FILE}\n")
