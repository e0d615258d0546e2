"""Pictures of what a model did: film strips of clips, and a report of the runs in a work dir."""
