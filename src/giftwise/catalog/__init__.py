"""What can be recommended: the items of one origin, the model made of them, and its generations."""
