"""OfficeHeart: who takes part, and with which certificate.

So far: the authority that issues certificates, and the signed directory. Registration,
qualification and the services follow; the directory file has the same message the service will
stream.
"""
