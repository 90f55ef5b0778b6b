"""The look-ahead proof: reruns over copies of the catalog with another future."""
