"""Reviews of queries by those who may read them (AUD-8, BEY-5), and what the persons concerned have to say (BEY-4)."""
