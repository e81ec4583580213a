"""Record linkage: generator, rivals, runner and the training of the default weights."""
