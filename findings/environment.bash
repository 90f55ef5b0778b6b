# shellcheck shell=bash
# Source it with pinned packages: they are installed for a Python 3.13 or 3.14 in a temporary
# folder, which is removed when the script ends, also by Ctrl-C or SIGTERM. Afterwards `python`
# runs that Python for at most two minutes, and `report` ends the script.
# Exit code 2: the finding could not be tried here.

trap 'exit 130' INT
trap 'exit 143' TERM
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# Outside any project: its settings are not these scripts' settings.
cd "$folder"

give_up() {
    echo "not tried: $*" >&2
    exit 2
}

find_python() {
    local candidate found
    found="$(uv python find --no-project '>=3.13,<3.15' 2>/dev/null || true)"
    for candidate in python3.13 python3.14 python3 "$HOME"/.pyenv/versions/3.1[34].*/bin/python "$found"; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 13) <= sys.version_info < (3, 15))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}

interpreter="$(find_python)"
if uv --version >/dev/null 2>&1; then
    # Without a Python of its own kind, uv fetches one, which goes with the folder.
    export UV_PYTHON_INSTALL_DIR="$folder/python"
    uv venv --quiet --python "${interpreter:-3.13}" venv ||
        give_up "it needs Python 3.13 or 3.14, which is not here and which uv could not fetch"
    install=(uv pip install --quiet --python venv/bin/python)
else
    [ -n "$interpreter" ] || give_up "it needs Python 3.13 or 3.14 (on the path or pyenv's), or uv"
    "$interpreter" -m venv venv || give_up "$interpreter cannot make a virtual environment"
    install=(venv/bin/python -m pip install --quiet --disable-pip-version-check)
fi
timeout --foreground 600 "${install[@]}" "$@" || give_up "the packages could not be installed: $*"

python() {
    timeout --foreground 120 "$folder/venv/bin/python" "$@"
}

# report EXPECTED SEEN_BEFORE SEEN_NOW: exit code 1 if what is seen has changed.
report() {
    printf 'expected: %s\nseen:     %s\n' "$1" "$3"
    if [ "$3" != "$2" ]; then
        echo "CHANGED:  when this was written: $2" >&2
        exit 1
    fi
    echo "holds: $(basename "$0" .sh)"
}

echo "versions: $(uname -s) $(uname -m), $("$folder/venv/bin/python" --version), $*"
