#!/usr/bin/env bash
# Opening a study that exists, by Optuna's documented create_study(load_if_exists=True), writes to its
# journal each time.
#
# Expected: a study that exists is opened and nothing is written; a program that only looks at it, or
# one that is resumed often, leaves the file as it was.
# Seen: each open appends a line that tries to make the study again, and every later reader replays it.
# load_study writes nothing; so ask whether the name exists first, then load or create.
set -euo pipefail
. "$(dirname "$0")/environment.bash" optuna==5.0.0

cat >study.py <<'PYTHON'
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
path = Path("study.log")


def storage():
    return JournalStorage(JournalFileBackend(str(path)))


def lines():
    return len(path.read_text().splitlines())


optuna.create_study(storage=storage(), study_name="s")
print("made", lines(), end="; ")
for _ in range(3):
    optuna.create_study(storage=storage(), study_name="s", load_if_exists=True)
print("opened three times by create_study", lines(), end="; ")
for _ in range(3):
    optuna.load_study(storage=storage(), study_name="s")
print("by load_study", lines())
PYTHON

report "made 1; opened three times by create_study 1; by load_study 1" \
    "made 1; opened three times by create_study 4; by load_study 4" \
    "$(python study.py)"
