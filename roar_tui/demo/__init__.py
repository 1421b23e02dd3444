"""A small real project (a character language model), recorded twice, to explore before one has records of one's own."""
