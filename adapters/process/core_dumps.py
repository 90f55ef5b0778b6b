"""No core dump of a process that has passwords or keys in its environment."""

from __future__ import annotations

import os
import re
import resource
from typing import Final

_SECRET: Final = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY", re.IGNORECASE)


def keep_secrets_from_core_dumps() -> None:
    """Let this process and its children leave no core dump if the environment has a secret.

    Notes
    -----
    Only the soft limit is lowered, so that whoever debugs can raise it again. A process without
    secrets keeps its limit.

    """
    if any(_SECRET.search(name) for name in os.environ):
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
