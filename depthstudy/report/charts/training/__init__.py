"""The course of training, and of tuning."""
