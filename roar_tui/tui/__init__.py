"""The explorer: Textual screens over the same result objects that the command line prints."""
