"""What diffusion costs, beside plain diffusers with the same weights: see __main__."""
