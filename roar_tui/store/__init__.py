"""The store: the archive of records (the truth) and the index derived from it (may be deleted)."""
