"""Build backend: setuptools, after generating the cffi module from ``region.h``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cffi import FFI
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - a build backend offers setuptools' own hooks

HERE: Final = Path(__file__).resolve().parent
BEGIN: Final = "/* cffi: begin */"
END: Final = "/* cffi: end */"


def declarations() -> str:
    """Return what Python sees of the header: the text between its cffi marks."""
    header = (HERE / "region.h").read_text(encoding="utf-8")
    parts = header.split(BEGIN)[1:]
    return "\n".join(part.split(END, 1)[0] for part in parts)


def emit() -> None:
    """Write ``_region.c``, the C source of the extension module ``adapters.shm._region``."""
    ffi = FFI()
    ffi.cdef(declarations())
    ffi.set_source("adapters.shm._region", '#include "region.h"\n')
    ffi.emit_c_code(str(HERE / "_region.c"))


def build_wheel(*args: object, **kwargs: object) -> str:
    """Build a wheel; see PEP 517."""
    emit()
    return str(build_meta.build_wheel(*args, **kwargs))


def build_editable(*args: object, **kwargs: object) -> str:
    """Build an editable install; see PEP 660."""
    emit()
    return str(build_meta.build_editable(*args, **kwargs))


def build_sdist(*args: object, **kwargs: object) -> str:
    """Build a source distribution; see PEP 517."""
    emit()
    return str(build_meta.build_sdist(*args, **kwargs))
