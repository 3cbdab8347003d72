"""What renders: neural networks behind one protocol. Only this package, `detect` and `worker` may import torch."""
