//! REST.
mod failure;
pub use failure::{Failure, render};
