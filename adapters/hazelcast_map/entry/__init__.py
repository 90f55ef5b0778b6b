"""What an entry holds: its text, its order, and what is known of it now."""
