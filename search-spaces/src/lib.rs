//! Search spaces: domains, conditions, encoding, and their TOML form.
