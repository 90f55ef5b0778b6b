"""Children of the group aeron: a publisher, a live node and a bare subscriber, a process each."""
