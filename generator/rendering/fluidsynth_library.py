"""Finds FluidSynth: the library inside pygame-ce if there is one, otherwise the system's.

The two differ in bytes and in level, so the same one is preferred everywhere, and a clip's
fingerprint says which it was. pygame itself is never imported.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

from generator.errors import GenerationError

_LOG_LEVELS = 5
_Log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_find_library_lock = Lock()


@dataclass(frozen=True)
class Library:
    """The loaded FluidSynth.

    Attributes
    ----------
    module : module
        pyfluidsynth, bound to this very library.
    write_float : callable
        ``fluid_synth_write_float``, which pyfluidsynth does not offer: it avoids rounding soft
        sounds to 16 bits.
    version : str
    kind : str
        ``"bundled"`` (pygame-ce) or ``"system"``.
    """

    module: Any
    write_float: Callable[..., int]
    version: str
    kind: str


@cache
def fluidsynth_library() -> Library:
    """FluidSynth, loaded once in a process.

    Raises
    ------
    GenerationError
        If there is none, with what to install.
    """
    bundled = _bundled_path()
    path = str(bundled) if bundled else _system_path()
    if path is None:
        raise GenerationError("no FluidSynth library; run `pip install pygame-ce` or `make setup`")
    try:
        module = _bound_to(path)
    except OSError as error:
        raise GenerationError(
            f"FluidSynth library {path} does not load ({error}); reinstall it with "
            "`pip install --force-reinstall pygame-ce`"
        ) from error
    library = module._fl
    _silence(library)
    library.fluid_version_str.restype = ctypes.c_char_p
    return Library(
        module=module,
        write_float=_write_float(library),
        version=library.fluid_version_str().decode(),
        kind="bundled" if bundled else "system",
    )


def _bundled_path() -> Path | None:
    """The library that the pygame-ce wheel carries for Linux, macOS or Windows."""
    spec = importlib.util.find_spec("pygame")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    libraries = [
        *package.parent.glob("pygame_ce.libs/libfluidsynth*"),
        *package.glob(".dylibs/libfluidsynth*"),
        *package.glob("libfluidsynth*.dll"),
    ]
    return min(libraries, default=None)


def _system_path() -> str | None:
    for name in ("fluidsynth", "fluidsynth-3", "libfluidsynth-3"):
        if path := ctypes.util.find_library(name):
            return path
    return None


def _bound_to(path: str) -> ModuleType:
    # pyfluidsynth finds its library on import. Another import in this process, such as
    # pretty_midi's, may have bound the system's library, so this is a private copy of the module.
    spec = importlib.util.find_spec("fluidsynth")
    if spec is None or spec.loader is None:
        raise GenerationError("no pyfluidsynth; run `pip install pyfluidsynth` or `make setup`")
    module = importlib.util.module_from_spec(spec)
    with _find_library_lock:
        original = ctypes.util.find_library
        ctypes.util.find_library = lambda name: path
        try:
            # Where CI is set it prints which library it found, into a command's own output.
            with redirect_stdout(io.StringIO()):
                spec.loader.exec_module(module)
        finally:
            ctypes.util.find_library = original
    return module


# FluidSynth's errors come back as return values; its log adds nothing.
_ignore_log = _Log(lambda level, message, data: None)


def _silence(library: Any) -> None:
    library.fluid_set_log_function.argtypes = [ctypes.c_int, _Log, ctypes.c_void_p]
    library.fluid_set_log_function.restype = ctypes.c_void_p
    for level in range(_LOG_LEVELS):
        library.fluid_set_log_function(level, _ignore_log, None)


def _write_float(library: Any) -> Callable[..., int]:
    function = library.fluid_synth_write_float
    channel = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    function.argtypes = [ctypes.c_void_p, ctypes.c_int, *channel, *channel]
    function.restype = ctypes.c_int
    return function  # type: ignore[no-any-return]
