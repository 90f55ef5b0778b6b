#!/usr/bin/env bash
# A strict build finds links to pages that are not there, and no others.
#
# Expected: --strict is said to end with an error on any broken link, as MkDocs' does for links, pictures
# and anchors (validation: links.not_found, links.anchors).
# Seen: a link to a missing page (.md) ends the build; a picture, a file to load and an HTML page that are
# not there are neither told nor an error. Check the HTML that was built with a tool of its own.
set -euo pipefail
. "$(dirname "$0")/environment.bash" zensical==0.0.73

mkdir docs
printf '[project]\nsite_name = "Site"\n' >zensical.toml
printf '# Other\n' >docs/other.md
outcome() {
    printf '# Start\n\n%s\n' "$1" >docs/index.md
    if timeout 60 venv/bin/zensical build --strict >/dev/null 2>&1; then echo built; else echo refused; fi
}
seen="sound: $(outcome '[x](other.md)'); page: $(outcome '[x](missing.md)'); \
picture: $(outcome '![x](missing.svg)'); file: $(outcome '[x](missing.csv)'); html: $(outcome '[x](missing/index.html)')"

report "sound: built; page: refused; picture: refused; file: refused; html: refused" \
    "sound: built; page: refused; picture: built; file: built; html: built" "$seen"
