"""roar-tui: which exact data, code and jobs produced this model, and what changed between two runs."""

__version__ = "0.1.0"
