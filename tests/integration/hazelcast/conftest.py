"""An entry of each test's own, and a line that fails, for all tests of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from adapters.hazelcast_map import HazelcastSettings
from tests.support.transports.faulty_line import FaultyLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.transports.member import Member


@pytest.fixture
def settings(member: Member) -> HazelcastSettings:
    """Name an entry of the test's own."""
    key = f"test-{uuid4().hex}"
    return HazelcastSettings(members=(member.address,), cluster=member.cluster, key=key)


@pytest.fixture
def line(member: Member) -> Iterator[FaultyLine]:
    """Give a line to the member that can fail."""
    with FaultyLine(member.port) as faulty:
        yield faulty
