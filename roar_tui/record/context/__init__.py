"""The circumstances of a run: git, packages, variables, host, scheduler, experiment trackers."""
