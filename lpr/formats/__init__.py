"""What cameras and vendors send, one module a format: payload in, native reads and refusals out (DAT-1, DAT-3).

A format module never touches the database, a setting or the clock. One bad record becomes a `Refused` beside its
neighbors; only a payload that cannot be taken apart at all raises.
"""
