"""How soon a watchdog notices a node that is killed, stopped or hangs, and what it says."""

from tests.proof.watchdog.prove import prove

__all__ = ["prove"]
