"""Building blocks without a word of the domain: clock, ids, hashing, pagination, SSE, logging."""
