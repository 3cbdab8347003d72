"""The editors' plugins: built into packages, installed where an editor looks for them, and looked after."""
