"""The hash of a document: of its content without the hash itself, in one order and spelling."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dolphin_strategies import ConfigError


def hash_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document of JSON without its own, in hexadecimal digits.

    Raises
    ------
    ValueError
        If a number in it is not finite.

    """
    content = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_hash(document: dict[str, Any]) -> None:
    """Refuse a document that was changed after it was written.

    Raises
    ------
    ConfigError
        With the hash of its content, and what it says.
    ValueError
        If a number in it is not finite.

    """
    computed = hash_of(document)
    if document["sha256"] != computed:
        msg = (
            f"sha256: expected that of the content, {computed}, found {document['sha256']!r:.80}: "
            "the file was changed after it was written"
        )
        raise ConfigError(msg)
