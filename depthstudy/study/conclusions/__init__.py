"""From finished runs to what a study says: read, judged, written, and told in the terminal."""
