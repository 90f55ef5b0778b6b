"""The look-ahead proof: reruns over copies of the catalog with a different future."""
