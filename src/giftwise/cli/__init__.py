"""The command line: one file a verb."""

import os

# Before numpy is loaded: a request multiplies small matrices, for which threads cost far more than they give, above all
# on busy cores (ranking at 16,000 items: 9 ms with two threads, 1.5 ms with one). Learning asks for all cores again.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
