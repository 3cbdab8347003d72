"""Reading and writing pictures at their own depth, with all that their files say of them."""
