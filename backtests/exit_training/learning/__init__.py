"""Learning: rules chosen and judged out of sample, from paths of gains alone."""
