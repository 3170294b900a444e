//! Hubwire's tables: a file each, the id newtypes, and the small enums that are stored in columns.
//!
//! Rows and relations only; what may be done with them is `src/log` and `src/services`.

pub mod attachment;
pub mod block;
pub mod conversation;
pub mod event;
pub mod file;
pub mod ids;
pub mod log_head;
pub mod member;
pub mod message;
pub mod message_edit;
pub mod moves;
pub mod node;
pub mod person;
pub mod person_name;
pub mod presence;
pub mod reaction;
pub mod secret;
pub mod ticket;

pub mod user_id;
