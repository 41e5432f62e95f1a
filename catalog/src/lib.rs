//! c360-catalog
