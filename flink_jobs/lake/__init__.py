"""Delta tables of the lake: create, publish, follow a live job, pin, query, keep tidy."""
