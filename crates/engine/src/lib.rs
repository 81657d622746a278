//! The chain port, the driver and recovery of the Sealift executor.
