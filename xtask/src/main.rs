//! The project's own commands: setup, demo, test.
fn main() {}
