"""What learns and what ranks: pure functions from arrays to arrays, no input or output."""
