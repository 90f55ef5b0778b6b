"""A source in a process whose wall clock is set while its member falls silent."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.transports.stepped_source import SteppedSource, faketime

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.hazelcast_map import HazelcastSettings
    from tests.support.transports.faulty_line import FaultyLine
    from tests.support.transports.member import Member

HOUR_S = 3600


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])
def test_f11_limits_hold_when_the_wall_clock_is_set(
    member: Member, settings: HazelcastSettings, line: FaultyLine, tmp_path: Path, step_s: int
) -> None:
    """Fault F11: an hour either way: a mute member is noticed, and no instant goes back."""
    library = faketime()
    if library is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have libfaketime: apt-get install faketime")
        pytest.skip("needs libfaketime: apt-get install faketime")
    url = f"hazelcast://{line.address}/{settings.map_name}/{settings.key}?cluster={member.cluster}"
    entries = member.map()
    with closing(SteppedSource(url, tmp_path, library)) as source:

        def has_new() -> bool:
            entries.set(settings.key, f'{{"at": {time.time()}}}')
            source.look()
            return source.has_since(begin_s)

        def is_set() -> bool:
            source.look()
            return abs(source.skew_s - before_s - step_s) < HOUR_S / 2

        def has_noticed() -> bool:
            source.look()
            return source.has_noticed()

        begin_s = time.time()
        eventually(has_new, "a value")
        before_s = source.skew_s
        source.set_clock(step_s)
        eventually(is_set, "the other time")
        line.is_mute = True
        eventually(has_noticed, "the silence")
        line.is_mute = False
        begin_s = time.time()
        eventually(has_new, "a value of afterwards")
        assert source.stale == 0
