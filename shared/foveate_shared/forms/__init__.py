"""What a person fills in, without a widget: parameters, checkpoints, prompts, comparisons."""
