"""Two machines on one: network namespaces that a pair of virtual cards connects."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S: Final = 20.0
IP: Final = shutil.which("ip")


class NoMachinesError(Exception):
    """Network namespaces cannot be made here; the text states why."""


class Machine(NamedTuple):
    """A network namespace, its address, and what runs a command in it."""

    name: str
    address: str

    @property
    def within(self) -> list[str]:
        """The words before a command that runs there."""
        return ["ip", "netns", "exec", self.name]


def _ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [IP or "ip", *words], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """Give two machines, each with a card of its own in one network.

    Raises
    ------
    NoMachinesError
        If this process may not make them.

    """
    if os.geteuid() != 0 or IP is None:
        msg = "network namespaces need root and iproute2"
        raise NoMachinesError(msg)
    mark = uuid4().hex[:6]
    machines = [
        Machine(f"dolphin_{mark}_{side}", f"10.85.0.{n}") for n, side in ((1, "a"), (2, "b"))
    ]
    cards = [f"v{mark}{side}" for side in "ab"]
    try:
        for machine in machines:
            made = _ip("netns", "add", machine.name)
            if made.returncode:
                msg = f"no network namespaces here: {made.stderr.strip()}"
                raise NoMachinesError(msg)
        steps: list[tuple[str, ...]] = [
            ("link", "add", cards[0], "type", "veth", "peer", "name", cards[1])
        ]
        for machine, card in zip(machines, cards, strict=True):
            of = ("-n", machine.name)
            steps += [
                ("link", "set", card, "netns", machine.name),
                (*of, "addr", "add", f"{machine.address}/24", "dev", card),
                (*of, "link", "set", "lo", "up"),
                (*of, "link", "set", card, "up"),
            ]
        for step in steps:
            done = _ip(*step)
            if done.returncode:
                msg = f"no virtual cards here: ip {' '.join(step)}: {done.stderr.strip()}"
                raise NoMachinesError(msg)
        yield machines[0], machines[1]
    finally:
        # With a namespace goes the card in it, and with a card its other end.
        for machine in machines:
            _ip("netns", "delete", machine.name)
