"""Foveate for GIMP 3: procedures under Filters > Foveate, on top of `foveate_shared`."""
