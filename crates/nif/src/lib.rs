//! QuickBEAM nif.
