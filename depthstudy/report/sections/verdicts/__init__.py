"""What the study says of its hypotheses, with one recipe for all nets and with each tuned."""
