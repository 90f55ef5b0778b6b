"""Kills at every instruction of a call of the region's C: a write, and one that wakes readers."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Final

from adapters.shm import RegionError, _region
from adapters.shm.region.region_files import folder_of
from tests.proof.region.records import FIRST_EVENT, BrokenRegionError
from tests.proof.region.stepping import CHANGED, STOPPED, Stepper, Victim, Watch
from tests.support.transports.regions import values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Form
    from tests.proof.kills.killed_region import KilledRegion
    from tests.proof.kills.sleeper import Sleeper


class Campaign:
    """One kill an instruction, from the first of a call to its last.

    Parameters
    ----------
    form : Form
        How the proof is run.
    region : KilledRegion
        Whose writers are killed.
    sleeper : Sleeper, optional
        A reader that each write wakes.
    stride : int
        Instructions from one kill to the next.
    first_stride : int
        The same before the first change, where all leave the same.

    Attributes
    ----------
    instructions : int
        How many there were.
    changes : int
        How often what other processes see changed.
    kills : int
        How many kills there were.
    fault : str
        What was wrong after one of them; "" for nothing.

    """

    def __init__(
        self,
        form: Form,
        region: KilledRegion,
        sleeper: Sleeper | None = None,
        *,
        stride: int,
        first_stride: int,
    ) -> None:
        self._stepper: Final = Stepper(form)
        self._region: Final = region
        self._sleeper: Final = sleeper
        self._strides: Final = first_stride, stride
        self._watch: Final = Watch(region.path, folder_of(region.path) / "waiters")
        self.instructions = 0
        self.changes = 0
        self.kills = 0
        self.fault = ""

    def run(self) -> Iterator[int]:
        """Kill at each instruction in turn; yields the number of kills done.

        The place is a number of changes of what others see, and of instructions after the last of
        them: how long the clock takes to read differs from run to run.
        """
        after = 0
        while True:
            if self._sleeper:
                self._sleeper.wait_until_asleep()
            with Victim(self._stepper, self._write) as victim:
                self._watch.begin()
                for _ in range(self.changes):
                    victim.step(watched=self._watch)
                step = victim.step(after, watched=self._watch)
                if step.why == CHANGED:
                    self.changes += 1
                    self.instructions += step.instructions
                    after = 0
                try:
                    self._region.look()
                    self._region.kill(victim)
                    if self._sleeper:
                        self._sleeper.expect(self._region.published)
                except (BrokenRegionError, RegionError) as error:
                    self.fault = (
                        f"killed {after} instructions after change {self.changes} of the region: "
                        f"{error}"
                    )
                    return
            self.kills += 1
            yield self.kills
            if step.why == STOPPED:
                self.instructions += step.instructions
                return
            after += self._strides[self.changes > 0]

    def _write(self) -> None:
        """Open the region and publish its next record, with a stop before and after."""
        writer = self._region.writer()
        n = writer.published + 1
        writer._prepare(values_of(n, len(self._region.names)))
        publish = ctypes.CDLL(_region.__file__).region_publish
        self._stepper.c.call_between_stops(
            ctypes.cast(publish, ctypes.c_void_p), writer._address, writer._prepared_address,
            FIRST_EVENT + n,
        )  # fmt: skip
        os._exit(0)
