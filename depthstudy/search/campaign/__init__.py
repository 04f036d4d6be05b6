"""All searches of a study, side by side: who proposes, who trains, and what was found."""
