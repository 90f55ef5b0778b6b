"""The addresses at which a process listens, as the kernel lists them."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

_LISTENS: Final = "0A"


def listening_addresses(pid: int) -> list[str]:
    """Return each TCP address at which a process listens, as ``HOST:PORT``.

    Parameters
    ----------
    pid : int
        A process of this user; one that has ended listens nowhere.

    Notes
    -----
    Linux, proc(5), ``/proc/net/tcp`` and ``tcp6``: 32-bit words in the machine's order.

    """
    sockets: set[str] = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                sockets.add(str(link.readlink()))
    found: list[str] = []
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS and f"socket:[{words[9]}]" in sockets:
                    found.append(_shown(words[1]))
    return sorted(found)


def _shown(text: str) -> str:
    host, _, port = text.partition(":")
    words = [int(host[i : i + 8], 16) for i in range(0, len(host), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if len(packed) == 4:
        return f"{socket.inet_ntop(socket.AF_INET, packed)}:{int(port, 16)}"
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return f"{socket.inet_ntop(socket.AF_INET, packed[12:])}:{int(port, 16)}"
    return f"[{socket.inet_ntop(socket.AF_INET6, packed)}]:{int(port, 16)}"
