"""Phase 3: the region beside the engines of the roadmap's Java port, measured in one run."""
