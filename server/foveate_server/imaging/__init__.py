"""Pixels as numbers: sample layouts, colour, crops, masks, blending. numpy and scipy only, the latter once needed."""
