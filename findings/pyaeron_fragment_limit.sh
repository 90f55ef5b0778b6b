#!/usr/bin/env bash
# A message of several packets does not come where a poll takes fewer fragments than it has.
#
# Expected: poll(assemble=True) is said to give whole messages; with fragment_limit=1 one comes after as
# many polls as it has fragments, as it does from Aeron's own FragmentAssembler, which remembers.
# Seen: what is assembled is forgotten at the end of each poll. The message never comes, and nothing says
# so. With a limit that is larger than a message it comes; or assemble the fragments yourself, by the
# begin and end flags of their headers.
set -euo pipefail
. "$(dirname "$0")/environment.bash" pyaeron==0.1.0

cat >poll.py <<'PYTHON'
import pyaeron

SIZE = 4_000  # three fragments of an Ethernet frame's length
with pyaeron.Aeron(embedded=True) as aeron:
    subscription = aeron.add_subscription("aeron:ipc", 10)
    publication = aeron.add_publication("aeron:ipc", 10)
    publication.await_connected(5)
    came = []
    for limit in (1, 2, 10):
        sizes = []
        assert publication.offer(b"x" * SIZE) is True
        for _ in range(20):
            subscription.poll(lambda data, header: sizes.append(len(data)), limit)
        came.append(f"limit {limit}: {sizes.count(SIZE)}")
    print("; ".join(came))
PYTHON

report "limit 1: 1; limit 2: 1; limit 10: 1" "limit 1: 0; limit 2: 0; limit 10: 1" "$(python poll.py)"
