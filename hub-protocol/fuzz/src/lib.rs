//! What fuzzing looks for; the targets only hand over bytes.

pub mod checks;
