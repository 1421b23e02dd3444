"""The readable form of one job, step, artifact or directory, for `show`."""
