"""What a detector finds in all of a document, whatever it looks for."""
