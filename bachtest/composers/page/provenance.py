"""Where a version comes from, as its file and its row say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.core.files.storage import storages

from generator.errors import GeneratorError
from generator.families.checkpoint import named_base
from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_json import HeaderError
from generator.licences import PROJECT, may_download
from generator.models import Version
from generator.services.checkpoint_files import STORAGE, checkpoint_path
from generator.services.composer_source import sha256_of_file

# What the page names of a checkpoint's metadata, and how.
FACTS = {"split": "Split", "seed": "Seed", "data": "Training data, sha256", "command": "Command"}


@dataclass(frozen=True)
class TrainedMember:
    """One set of weights: what it was trained on, and what it was kept from."""

    number: int
    works: tuple[str, ...]
    fold: tuple[str, ...]


@dataclass(frozen=True)
class VersionOrigin:
    """`declared`: nobody but the author knows whether it is true."""

    family: str
    config: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    members: tuple[TrainedMember, ...]
    is_collection: bool
    declared: bool
    licence: str
    base: str
    """The name of the file with the tensors that this version's own file lacks."""


def provenance_of(version: Version) -> VersionOrigin:
    is_collection = version.kind == Version.Kind.COLLECTION
    stored = {} if is_collection else _stored_metadata(version)
    return VersionOrigin(
        version.family,
        tuple((name, _in_words(value)) for name, value in sorted(version.config.items())),
        tuple((words, _lines(stored[key])) for key, words in FACTS.items() if stored.get(key)),
        tuple(
            TrainedMember(number, tuple(member["trained_on"]), tuple(member["fold"]))
            for number, member in enumerate(version.members, start=1)
        ),
        is_collection,
        not version.shipped,
        licence_of(version),
        _base_name(stored) if version.shipped else "",
    )


def licence_of(version: Version) -> str:
    """Of the file: the project's for what comes with the code, else what the uploader named."""
    return PROJECT if version.shipped else version.licence


def can_be_downloaded(version: Version) -> bool:
    published = version.status in (Version.Status.READY, Version.Status.RETIRED)
    return published and bool(version.file) and may_download(licence_of(version))


def open_version_file(version: Version) -> BinaryIO | None:
    """The very file that the version is; None if it is gone, or another one lies in its place."""
    try:
        if not version.shipped:
            return cast(BinaryIO, storages[STORAGE].open(version.file))
        path = checkpoint_path(version)
        return path.open("rb") if sha256_of_file(path) == version.sha256 else None
    except (OSError, GeneratorError):
        return None


def open_base_file(version: Version) -> BinaryIO | None:
    """What a shipped version's own file lacks; None if it is complete, or if either is gone."""
    own = open_version_file(version) if version.shipped else None
    if own is None:
        return None
    own.close()
    try:
        base = named_base(checkpoint_path(version))
        return base[0].open("rb") if base and sha256_of_file(base[0]) == base[1] else None
    except (OSError, GeneratorError):
        return None


def _base_name(stored: Mapping[str, str]) -> str:
    return str(json.loads(stored["base"])["file"]) if "base" in stored else ""


def _stored_metadata(version: Version) -> Mapping[str, str]:
    file = open_version_file(version) if version.file else None
    if file is None:
        return {}
    try:
        with file:
            return read_header(file).metadata
    except (OSError, HeaderError):
        return {}


def _lines(stored: str) -> tuple[str, ...]:
    """Members' hashes stand in a JSON list."""
    if not stored.startswith("["):
        return (stored,)
    try:
        listed = json.loads(stored)
    except ValueError:
        return (stored,)
    return tuple(map(str, listed)) if isinstance(listed, list) else (stored,)


def _in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
