"""What a user does, from outside."""
