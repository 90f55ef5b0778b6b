#!/usr/bin/env bash
# iceoryx2 (Python): a slow subscriber gets the newest two samples by default; the others are gone, and
# nothing on the subscriber's side counts them.
#
# Expected: a queue deep enough for a burst of ten, or a publisher that is refused, or a count.
# Seen: ten sends succeed, two samples arrive.
set -euo pipefail
. "$(dirname "$0")/environment.bash" iceoryx2==0.10.0

cat >burst.py <<'PYTHON'
import ctypes
import os

import iceoryx2 as iox2

iox2.set_log_level(iox2.LogLevel.Error)
node = iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)
service = (
    node.service_builder(iox2.ServiceName.new(f"finding-{os.getpid()}"))
    .publish_subscribe(ctypes.c_uint64)
    .open_or_create()
)
subscriber = service.subscriber_builder().create()
publisher = service.publisher_builder().create()
for i in range(10):
    publisher.send_copy(ctypes.c_uint64(i))
got = []
while (sample := subscriber.receive()) is not None:
    got.append(sample.payload().contents.value)
    sample.delete()
counters = [n for n in dir(subscriber) if "lost" in n or "miss" in n or "overflow" in n or "drop" in n]
print(f"received {got}, counters {counters}")
PYTHON

report "received all ten, or a count of the lost ones" "received [8, 9], counters []" "$(python burst.py)"
