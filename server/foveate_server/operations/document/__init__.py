"""A document's pixels in and out: windows as networks see them, patches as the document stores them."""
