"""The numbers of a service for monitors and Prometheus, made from its status."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from live.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = version("dolphin")


def figures_of(status: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that says what a status says.

    Parameters
    ----------
    status : mapping
        As ``ServiceFiles.write_status`` takes it, of this process.

    """
    factors = status["factors"]
    samples: dict[tuple[str, tuple[str, ...]], float] = {
        ("dolphin_program_info", ("exf", VERSION)): 1,
        ("dolphin_told_timestamp_seconds", ()): status["updated_unix_s"],
        ("dolphin_exf_factors", ()): factors["total"],
        ("dolphin_exf_factors_alive", ()): factors["alive"],
        ("dolphin_exf_records", ()): status["published"],
        ("dolphin_exf_publish_errors", ()): sum(dict(status["publish_errors"]).values()),
    }
    for source in status["sources"]:
        labels = (source["source"],)
        is_up = bool(source["answers"]) and not source["failures_in_a_row"]
        samples["dolphin_exf_source_up", labels] = is_up
        samples["dolphin_exf_source_polls", labels] = source["polls"]
        samples["dolphin_exf_source_failures", labels] = sum(source["errors"].values())
        if source["answers"]:
            samples["dolphin_exf_source_success_timestamp_seconds", labels] = source[
                "last_success_unix_s"
            ]
    for venue in (status.get("streams") or {"venues": []})["venues"]:
        labels = (venue["venue"],)
        samples["dolphin_exf_stream_connected", labels] = venue["connected"]
        samples["dolphin_exf_stream_messages", labels] = venue["messages"]
    return Snapshot(program="exf", samples=samples, texts={"source": status["region"]})
