"""Why a deeper net does worse: where its error comes from, and what wins it back."""
