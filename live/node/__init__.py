"""The live node: settings, wiring, one run, its recording and its report."""
