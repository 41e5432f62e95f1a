//! c360-cli
