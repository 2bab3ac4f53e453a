"""What the product does, one noun a module. No Flask.

Functions take a session first and never commit. What must outlive a request or span network
and database (``offers_service``, ``shared_token``, ``recorder``) opens transactions of its own.
"""
