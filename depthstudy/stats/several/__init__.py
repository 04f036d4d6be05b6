"""Several claims, several looks, several candidates: what each of them costs in certainty."""
