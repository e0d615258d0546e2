"""What tools/torture.py puts the package through."""
