"""The screens of the explorer, one per module."""
