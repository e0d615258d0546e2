"""Checkpoints: safe reading and saving, their descriptions, the authors' format, downloads and the zoo."""
