//! QuickBEAM executor.
