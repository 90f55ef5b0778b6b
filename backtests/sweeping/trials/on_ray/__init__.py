"""Ray: trials on the nodes of a Ray cluster, and the cluster of a sweep on this machine."""
