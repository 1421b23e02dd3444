"""What can differ between two aligned steps, a module for each category."""
