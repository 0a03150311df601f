//! The desktop viewer of seqtune studies.
