"""The folder of one run: what it says, how it is repaired, and who only follows it."""
