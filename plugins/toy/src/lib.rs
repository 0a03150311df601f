//! A family without libtorch, for tests: known optima, synthetic curves, and faults on command.
