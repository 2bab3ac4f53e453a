"""How sealed hours are packed into blobs, and read again: versioned, checked and small."""
