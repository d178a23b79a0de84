//! QuickBEAM toolchain.
