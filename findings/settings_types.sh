#!/usr/bin/env bash
# Three libraries that turn a TOML table into a typed dataclass, as they come: which mistakes of a
# trader's settings file they let through.
#
# Expected: text or true where a number belongs, a fraction where an integer belongs, and a
# misspelt key are refused.
# Seen: all three ignore the misspelt key, so that the default applies. cattrs refuses nothing else
# either: "3" becomes 3.0, true becomes 1.0, 2.7 becomes 2. pydantic refuses the fraction only.
# msgspec refuses the wrong types. Each has a stricter form that must be asked for.
set -euo pipefail
. "$(dirname "$0")/environment.bash" cattrs==26.2.1 msgspec==0.22.0 pydantic==2.14.4

cat >settings.py <<'PYTHON'
import tomllib
from dataclasses import dataclass

import cattrs
import msgspec
import pydantic


@dataclass
class Order:
    size: float
    retries: int = 3


TABLES = {
    "text": 'size = "3"',
    "true": "size = true",
    "fraction": "size = 1.0\nretries = 2.7",
    "misspelt": "size = 1.0\nretrys = 5",
}
LIBRARIES = {
    "cattrs": lambda table: cattrs.structure(table, Order),
    "msgspec": lambda table: msgspec.convert(table, Order),
    "pydantic": pydantic.TypeAdapter(Order).validate_python,
}


def takes(convert, text):
    try:
        convert(tomllib.loads(text))
    except (msgspec.ValidationError, pydantic.ValidationError, cattrs.BaseValidationError):
        return False
    return True


for library, convert in LIBRARIES.items():
    print(library, "takes", *(name for name, text in TABLES.items() if takes(convert, text)))
PYTHON

report "cattrs takes;msgspec takes;pydantic takes" \
    "cattrs takes text true fraction misspelt;msgspec takes misspelt;pydantic takes text true misspelt" \
    "$(python settings.py | paste -sd';')"
