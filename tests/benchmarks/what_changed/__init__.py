"""How often is the first cause the true one, and how many false causes stand beside it?

Real runs of four small pipelines, recorded in pairs with one known change, two, or none: `python -m tests.benchmarks.what_changed`.
"""
