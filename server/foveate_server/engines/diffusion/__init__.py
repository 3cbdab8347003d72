"""Diffusion: checkpoints of several families, one loop that denoises with any of them. Imported in the worker only."""
