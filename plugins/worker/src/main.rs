//! The worker program of the libtorch families.
fn main() {}
