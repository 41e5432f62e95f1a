//! c360-spec
