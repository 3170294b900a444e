//! Files: what they are by content, freed of what should not travel with them, shrunk, kept, and linked to.
//!
//! Knows no HTTP and no database; `services/media` is who calls it.

pub mod cleaning;
pub mod format;
pub mod signing;
pub mod staging;
pub mod storage;
pub mod thumbnail;

pub use format::{Class, Format};
