//! Routes.
pub mod origins;
pub mod page;
pub mod paths;
pub mod requests;
