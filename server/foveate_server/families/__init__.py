"""The numbers of each family, one file each. The registry and the engine read them: nothing here imports torch.

Adding a family is a file here and one in `engines/diffusion/adapters`: see docs/diffusion.md.
"""
