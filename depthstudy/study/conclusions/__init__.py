"""From what there is to what a study says: judged, written, and told in the terminal."""
