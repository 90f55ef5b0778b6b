"""ComposeFile: the services of compose.yaml as plain data, its variables replaced."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[3]
COMPOSE: Final = ROOT / "compose.yaml"
_VARIABLE: Final = re.compile(r"\$(?:\$|\{(?P<name>\w+):-(?P<default>[^}]*)\})")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file, folder or volume of the host in a container."""

    source: str
    target: str
    is_read_only: bool


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the file says of a service; None of ``entrypoint``: the image's."""

    name: str
    image: str
    is_built: bool
    entrypoint: list[str] | None
    command: list[str]
    environment: dict[str, str | None]
    mounts: list[Mount]
    tmpfs: dict[str, str]
    health: list[str]
    stop_grace_s: float
    is_read_only: bool
    given: dict[str, Any] = field(repr=False)


def services(variables: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Return the services by name.

    Parameters
    ----------
    variables : mapping, optional
        The environment of ``docker compose``.

    """
    values = variables or {}

    def value(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        return values.get(found["name"], found["default"])

    content = yaml.safe_load(_VARIABLE.sub(value, COMPOSE.read_text(encoding="utf-8")))
    return {name: _service(name, given) for name, given in content["services"].items()}


def _service(name: str, given: dict[str, Any]) -> Service:
    environment = given.get("environment", {})
    if isinstance(environment, list):
        environment = dict.fromkeys(environment)
    test = given.get("healthcheck", {}).get("test", [])
    return Service(
        name=name,
        image=given["image"],
        is_built="build" in given,
        entrypoint=given.get("entrypoint"),
        command=given.get("command", []),
        environment=environment,
        mounts=[_mount(text) for text in given.get("volumes", [])],
        tmpfs=dict(text.split(":", 1) for text in given.get("tmpfs", [])),
        health=test[1:] if test[:1] == ["CMD"] else ["sh", "-c", *test[1:]],
        stop_grace_s=seconds(given.get("stop_grace_period", "10s")),
        is_read_only=given.get("read_only", False),
        given=given,
    )


def seconds(text: str) -> float:
    """Return a duration such as ``90s``."""
    return float(text[:-1]) * _UNITS[text[-1]]


def _mount(text: str) -> Mount:
    source, target, *options = text.split(":")
    return Mount(source=source, target=target, is_read_only=options == ["ro"])
