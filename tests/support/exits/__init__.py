"""Support: exits."""
