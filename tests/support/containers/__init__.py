"""Containers without Docker: the image and the namespaces that the files describe."""
