"""The cases of tools/dev/torture.py."""
