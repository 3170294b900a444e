//! RFC 6455 case by case, numbered as in the Autobahn test suite (1 framing, 2 pings, 3 reserved bits, 4 opcodes,
//! 5 fragments, 6 UTF-8, 7 closing, 9 limits; 10 is what we send, which every case checks).
//!
//! Every case is played three times: in one write, cut anywhere, and octet by octet where it is short. The server is a
//! raw endpoint that sends back what it receives.

mod closing;
mod fragments;
mod framing;
mod limits;
mod peer;
mod texts;

use self::peer::Case;
