"""One step of training and of evaluation, as pure functions: loss scale, parts, optimizer."""
