//! What a model family implements: the trait, the worker protocol, the worker loop.
