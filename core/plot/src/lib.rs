//! What the viewer and reports draw: series and summaries of a study, without a window.
