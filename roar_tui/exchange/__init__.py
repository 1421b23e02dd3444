"""Other people's formats, brought in as records: strace logs, and records of other stores."""
