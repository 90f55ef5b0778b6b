"""An asyncio loop whose clock the test moves on, so that no timer takes real time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


class SteppedLoop(asyncio.SelectorEventLoop):
    """Runs only inside ``turn``; ``seconds`` pass at once."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        super().__init__()

    def time(self) -> float:
        """Return the seconds that were let pass."""
        return self._passed_s

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, then run what is due."""
        self._passed_s += seconds
        self.run(_turns(3))

    def run[T](self, work: Coroutine[None, None, T]) -> T:
        """Run a coroutine to its end."""
        return self.run_until_complete(work)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
