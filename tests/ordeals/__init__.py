"""What tools/dev/torture.py puts the package through."""
