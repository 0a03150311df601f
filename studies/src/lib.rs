//! Hyperparameter search for sequence models: the study manager and its command line.
