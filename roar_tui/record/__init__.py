"""What is kept of a run: the record model, and the capture that fills it."""
