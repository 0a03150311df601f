//! The study log, its history, and the samplers that decide from it.
