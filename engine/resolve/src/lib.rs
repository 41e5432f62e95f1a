//! c360-resolve
