"""The recording of a node's run: the node's end of it, and the process that writes the files."""
