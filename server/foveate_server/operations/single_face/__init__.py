"""Faces, whoever renders them: found, turned upright, measured, and judged."""
