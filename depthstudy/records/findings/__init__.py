"""What a study finds: rows that evidence writes."""
