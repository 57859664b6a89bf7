"""Loss or compromise of the agency's data, and suspected unauthorized use: found, told in time, and logged to the end (AUD-9,
AUD-14).

The operator's operations staff and the agency's appointers keep incidents; of suspected use the manager of its area hears too.
"""
