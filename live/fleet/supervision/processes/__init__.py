"""The processes of services: started, forked, found again, never doubled, and their logs."""
