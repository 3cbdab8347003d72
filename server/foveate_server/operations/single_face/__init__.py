"""Faces, whoever renders them: turned upright, measured, and judged."""
