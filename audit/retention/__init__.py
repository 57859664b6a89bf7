"""The end of the log's months: what is past its retention, what holds it, and how it goes (AUD-5, BEY-10)."""
