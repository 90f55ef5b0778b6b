"""The setup of a sweep: its command line, its settings, its parameters and its folds."""
