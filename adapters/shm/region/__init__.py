"""The region's file: its layout, its creation and locks, its hot calls and wake-ups."""
