"""ServiceWatch: looks at the ExtF service of a region through the status that it writes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import UnusableFileError
from dolphin_strategies.errors import DolphinError, printable
from live.exf.service_files import ServiceFiles
from live.exf.status.status_report import NOT_RESPONDING, status_code
from live.monitoring.watching.pictures import ServicePicture

if TYPE_CHECKING:
    from pathlib import Path

_TEXTS: Final = ("source", "last_error")
_NUMBERS: Final = (
    "answers", "failures_in_a_row", "last_success_unix_s", "period_s", "factors_alive", "factors",
    "polls",
)  # fmt: skip


class ServiceWatch:
    """Read the files beside a region; nothing is held and nothing is made.

    Parameters
    ----------
    region : Path
        The region of the service.

    """

    def __init__(self, region: Path) -> None:
        self.region: Final = region
        self._files: Final = ServiceFiles(region)

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._files.folder

    def look(self) -> ServicePicture:
        """Read what is there now."""
        try:
            pid = self._files.running_pid()
            status = self._files.read_status()
            code = status_code(status, pid, time.time())
            return ServicePicture(region=self.region, code=code, status=checked(status or {}))
        except (UnusableFileError, DolphinError, OSError) as error:
            problem = str(error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"its status cannot be read: {type(error).__name__}: {error}"
        return ServicePicture(region=self.region, code=NOT_RESPONDING, problem=printable(problem))


def checked(status: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a status that is shown, each value of its kind.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not a status of this version.

    """
    if not status:
        return {}
    factors = status["factors"]
    streams = status.get("streams")
    return {
        "pid": int(status["pid"]),
        "state": _text(status["state"]),
        "reason": _text(status["reason"]),
        "started_unix_s": float(status["started_unix_s"]),
        "updated_unix_s": float(status["updated_unix_s"]),
        "published": int(status["published"]),
        "factors": {name: int(factors[name]) for name in ("total", "alive")}
        | {"missing": [_text(name) for name in factors["missing"]]},
        "sources": [
            {name: _text(source[name]) for name in _TEXTS}
            | {name: float(source[name]) for name in _NUMBERS}
            for source in status["sources"]
        ],
        "streams": [
            {
                "venue": _text(venue["venue"]),
                "problem": _text(venue["problem"] or ""),
                "connected": bool(venue["connected"]),
                "messages_per_s": float(venue["messages_per_s"]),
                "newest_event_unix_s": float(venue["newest_event_unix_s"]),
            }
            for venue in (streams["venues"] if streams else [])
        ],
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = f"expected text, found {type(value).__name__}"
        raise TypeError(msg)
    return printable(" ".join(value[:500].split()))
