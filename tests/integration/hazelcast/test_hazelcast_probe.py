"""The latency measurement against a cluster that means harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.hazelcast_map.entry.json_codec import UnusableError
from live.latency.latency_probe import read_again
from tests.integration.hazelcast.test_hazelcast_values import Trap

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.hazelcast_map.settings import HazelcastSettings
    from tests.support.transports.member import Member


def test_a_measurement_runs_nothing_of_the_entry(
    member: Member, settings: HazelcastSettings, tmp_path: Path
) -> None:
    """Fault F04: an object that Python would unpickle is refused; a text is read."""
    url = f"{settings}?cluster={settings.cluster}"
    entries = member.map()
    entries.set(settings.key, '{"a": 1.0}')
    assert len(read_again(url, 3)) == 3
    entries.set(settings.key, Trap(tmp_path / "unpickled"))
    with pytest.raises(UnusableError):
        read_again(url, 1)
    assert not (tmp_path / "unpickled").exists()
