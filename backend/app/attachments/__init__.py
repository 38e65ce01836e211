"""Files that people send with their messages: images as they are, documents as the text in them."""
