"""Weights in PyTorch's and safetensors' files, read without PyTorch."""
