//! QuickBEAM engine.
