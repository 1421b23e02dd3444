"""Reads strace's output and says what a command did to files and processes; usable without roar_tui."""
