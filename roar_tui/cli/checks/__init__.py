"""What `doctor` looks at: can this machine trace, and can it keep what was traced."""
