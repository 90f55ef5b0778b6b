"""Reading histories: window by window, within the limits of the exchange."""
