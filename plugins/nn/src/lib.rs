//! What the libtorch families share: devices, seeds, batches, optimizers, losses, metrics, checkpoints.
