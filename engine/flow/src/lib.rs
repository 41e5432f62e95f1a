//! c360-flow
