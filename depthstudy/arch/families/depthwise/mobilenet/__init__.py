"""MobileNets, by version."""
