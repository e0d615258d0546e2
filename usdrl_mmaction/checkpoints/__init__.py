"""Checkpoints: reading them safely, what they say of themselves, the authors' format, and the zoo."""
