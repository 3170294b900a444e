//! Views.
pub mod json;
