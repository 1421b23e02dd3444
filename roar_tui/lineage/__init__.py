"""Walks over what the index links: references, upstream and downstream, folding, outlines and graphs."""
