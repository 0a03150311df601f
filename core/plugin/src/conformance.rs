//! The suite that every family passes.
