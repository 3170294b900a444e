//! Every input that fuzzing has kept, through the checks that it was found with (`fuzz/run`).

use std::{fs, path::Path};

#[expect(unreachable_pub, reason = "the fuzzing workspace has them in a library")]
#[path = "../../fuzz/src/checks.rs"]
mod checks;

fn play(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut played = 0;
    for input in fs::read_dir(&folder).unwrap() {
        let path = input.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() <= 4096, "{} is longer than what is fuzzed", path.display());
        check(&bytes);
        played += 1;
    }
    assert!(played > 0, "{} is empty", folder.display());
}

macro_rules! targets {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            play(stringify!($target), checks::$target);
        }
    )*};
}

targets! { websocket handshake json messagepack negotiate bodies }
