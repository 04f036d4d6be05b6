"""Splits of a data set, held in memory or streamed, and the readers that decode their images."""
