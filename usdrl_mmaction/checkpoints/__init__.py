"""Checkpoints: safe reading and saving, what they say of themselves, the authors' format, downloads and the zoo."""
