"""Bringing bytes into the archive, one module per way of transport.

Belongs here: files, HTTP, object stores and SFTP, databases, members of zip archives; retries, limits, masking of
secrets. Does not belong here: where bytes are kept and which delivery is current (`resources.deliveries`), or what the
bytes mean (`resources.readers`).
"""
