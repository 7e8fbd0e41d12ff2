"""Whether schools and suppliers may take part, and how they come that far.

What a school says, signs and fills in comes from its desk; what is to be seen is seen here, and
cannot be claimed (ADR 0020).
"""
