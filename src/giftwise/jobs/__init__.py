"""What the worker does: learns on a schedule, follows the host live, and keeps a log of every run."""
