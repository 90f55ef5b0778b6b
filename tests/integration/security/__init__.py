"""What other users, hostile files and hostile texts can do: nothing."""
