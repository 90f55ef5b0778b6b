#!/usr/bin/env bash
# Hazelcast, entries with a time to live: their EXPIRED event comes seconds after they are gone, and
# an update without a time to live makes an entry stay for ever.
#
# Expected: a listener hears of an entry with a time to live of 1 s soon after that second; a new
# value keeps the time to live of the entry.
# Seen: get() returns None after the second, as it should, but a listener waits up to several
# seconds more, until the member next cleans up; unless somebody reads the key, which raises the
# event at once. After set(key, value) the entry has no time to live any more.
set -euo pipefail
. "$(dirname "$0")/environment.bash" hazelcast-python-client==5.7.0

member=com.hazelcast:hazelcast:5.7.0
command -v mvn >/dev/null || give_up "it needs Maven, which fetches $member"
java -version >/dev/null 2>&1 || give_up "it needs Java 17 or newer"
echo "versions: member 5.7.0, $(java -version 2>&1 | head -1)"
timeout --foreground 300 mvn -q -B dependency:copy "-Dartifact=$member" "-DoutputDirectory=$folder" ||
    give_up "Maven could not fetch $member"

cat >member.yaml <<'YAML'
hazelcast:
  cluster-name: finding
  network:
    public-address: 127.0.0.1
    port:
      port: ${port}
      auto-increment: false
    interfaces:
      enabled: true
      interfaces:
        - 127.0.0.1
    join:
      auto-detection:
        enabled: false
  properties:
    hazelcast.socket.bind.any: "false"
    hazelcast.phone.home.enabled: "false"
YAML

cat >expiry.py <<'PYTHON'
import glob
import os
import socket
import subprocess
import sys
import time

import hazelcast

TTL_S = 1
LATE_S = 1.5


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(event, seconds):
    """Return whether something became true within so many seconds."""
    until = time.monotonic() + seconds
    while not event() and time.monotonic() < until:
        time.sleep(0.02)
    return event()


def try_it(port):
    client = hazelcast.HazelcastClient(
        cluster_name="finding", cluster_members=[f"127.0.0.1:{port}"], cluster_connect_timeout=60
    )
    entries = client.get_map("entries").blocking()
    heard = {}
    entries.add_entry_listener(
        expired_func=lambda event: heard.setdefault(event.key, time.monotonic()), include_value=True
    )
    set_at = {}
    for i in range(6):  # over 6 s, so that they meet the member's clean-up at different times
        entries.set(f"unread {i}", 1, ttl=TTL_S)
        set_at[f"unread {i}"] = time.monotonic()
        time.sleep(1)
    wait_for(lambda: len(heard) == 6, 20)
    delays = [heard[key] - at - TTL_S for key, at in set_at.items() if key in heard]
    print(f"EXPIRED after the expiry, s: {[round(d, 1) for d in delays]}", file=sys.stderr)

    entries.set("read", 1, ttl=TTL_S)
    time.sleep(TTL_S + 0.2)
    value = entries.get("read")
    at_once = wait_for(lambda: "read" in heard, 0.5)

    entries.set("updated", 1, ttl=TTL_S)
    entries.set("updated", 2)
    time.sleep(TTL_S + 0.5)
    print(
        f"unread: {'late' if max(delays) > LATE_S else 'soon'}; read: {value}, "
        f"{'at once' if at_once else 'not at once'}; updated: {entries.get('updated')}"
    )
    client.shutdown()


port = free_port()
member = subprocess.Popen(
    ["java", "-Xmx256m", f"-Dport={port}", "-Dhazelcast.config=member.yaml", "-cp",
     *glob.glob("hazelcast-*.jar"), "com.hazelcast.core.server.HazelcastMemberStarter"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
try:
    try_it(port)
finally:
    member.kill()
    member.wait()
PYTHON

report "unread: soon; read: None, at once; updated: None" \
    "unread: late; read: None, at once; updated: 2" "$(python expiry.py)"
