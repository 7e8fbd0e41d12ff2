"""Keys with which Traffic Centers sign grants: the directory names them."""
