"""The command line: one module per command, two renderings (rich and JSON) of one result object."""
