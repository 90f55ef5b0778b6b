"""The instruments of a session, which ``session.json`` holds as they were at its start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nautilus_trader import model as nautilus_model

from adapters.session.recorded_inputs import SessionError
from adapters.session.session_files import SESSION_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def instruments_of(header: Mapping[str, Any]) -> list[Any]:
    """Return the instruments of a session's header.

    Raises
    ------
    SessionError
        If one is damaged.

    """
    return [_instrument(values) for values in header.get("instruments", [])]


def instruments_in(folder: Path) -> list[Any]:
    """Return the instruments of a folder's session; none if there is no session in it.

    Raises
    ------
    SessionError
        If the session's file is damaged.

    """
    path = folder / SESSION_FILE
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        msg = f"{path} is damaged: {error}"
        raise SessionError(msg) from None
    return instruments_of(header)


def _instrument(values: dict[str, Any]) -> Any:
    try:
        return getattr(nautilus_model, values["type"]).from_dict(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"session.json: instrument {values.get('id')}: {error!r}"
        raise SessionError(msg) from None
