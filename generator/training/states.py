"""The state files of a training by gradient: the newest, and the one before it.

The newest is ``NAME.state``, the one before ``NAME.previous.state``. A state is written beside them
and then renamed, so that a full disk or a power cut leaves both as they were.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch

from generator.atomic_write import atomic_write
from generator.training.trainer import check_fingerprint, files_of

State = dict[str, Any]

log = logging.getLogger(__name__)

# What torch raises for a file that is no state, or for a state that does not fit a network.
_UNREADABLE = (
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
)


@dataclass(frozen=True)
class StateFiles:
    """Where the states of one stage are kept, and the fingerprint of what is trained."""

    newest: Path
    fingerprint: str = ""

    @property
    def previous(self) -> Path:
        return self.newest.with_suffix(".previous.state")

    @property
    def both(self) -> list[Path]:
        return [self.newest, self.previous]

    def write(self, state: State, validations: list[dict[str, float]]) -> None:
        """Keep a state as the newest, and the validations so far in a file of their own."""
        coming = self.newest.with_suffix(".next.state")
        atomic_write(coming, as_file({**state, "fingerprint": self.fingerprint}))
        if self.newest.exists():
            self.newest.replace(self.previous)
        coming.replace(self.newest)
        text = json.dumps(validations, indent=1)
        atomic_write(self.newest.with_suffix(".log.json"), text.encode())

    def restore(self, use: Callable[[State], None]) -> bool:
        """Hand the newest state that can be read to `use`; False if there is none.

        Raises
        ------
        ValueError
            If there are states, but none can be used, or one is of another training.
        """
        unread: list[str] = []
        for path in filter(Path.exists, self.both):
            try:
                _check_sums(path)
                state = torch.load(path, map_location="cpu", weights_only=True)
                found = state["fingerprint"]
                if found == self.fingerprint:
                    use(state)
            except _UNREADABLE as error:
                unread.append(f"{path} is not a state of this network ({_first_line(error)})")
                continue
            check_fingerprint(path, found, self.fingerprint)
            if unread:
                log.warning("%s; training goes on from the state before it, %s", unread[0], path)
                self.newest.unlink()  # or it would become the one before, in place of this
            return True
        if unread:
            raise ValueError(f"{unread[0]}; delete {files_of(self.newest)} to train again")
        return False

    def peek(self) -> State:
        """The newest state that can be read, its tensors left on the disk; empty if there is none.

        Raises
        ------
        ValueError
            If it is of another training.
        """
        for path in filter(Path.exists, self.both):
            try:
                state: State = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
                found = state["fingerprint"]
            except _UNREADABLE:
                continue  # `restore` says so
            check_fingerprint(path, found, self.fingerprint)
            return state
        return {}


def as_file(state: State) -> bytes:
    """A state as its file holds it."""
    content = BytesIO()
    torch.save(state, content)
    return content.getvalue()


def _check_sums(path: Path) -> None:
    """Compare the checksums in a file, which torch writes but does not read."""
    with ZipFile(path) as file:
        if damaged := file.testzip():
            raise ValueError(f"{damaged} is damaged")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
