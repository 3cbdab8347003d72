"""The plugin's version: that of the whole of Foveate."""

VERSION = "0.1.0"
