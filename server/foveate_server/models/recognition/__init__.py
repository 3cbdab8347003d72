"""What a checkpoint is: kind, family and facts, by the keys and shapes of its tensors. No weights are read."""
