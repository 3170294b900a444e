//! `checks::websocket` on whatever libFuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hub_protocol_fuzz::checks::websocket(bytes));
