//! The walls between the rooms, and the form of the files.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which room must not know which.
const WALLS: &[(&str, &[&str])] = &[
    (
        "src/log",
        &[
            "axum",
            "hub_protocol",
            "crate::services",
            "crate::hubs",
            "crate::controllers",
            "crate::views",
        ],
    ),
    (
        "src/media",
        &[
            "axum",
            "hub_protocol",
            "sea_orm",
            "entities",
            "crate::log",
            "crate::services",
            "crate::hubs",
            "crate::controllers",
            "crate::views",
        ],
    ),
    (
        "src/services",
        &[
            "axum",
            "hub_protocol",
            "crate::hubs",
            "crate::controllers",
            "crate::views",
        ],
    ),
    (
        "src/views",
        &["axum", "sea_orm", "ActiveModel", "crate::hubs", "crate::controllers"],
    ),
    ("src/auth", &["sea_orm", "crate::hubs", "crate::controllers"]),
    ("src/hubs", &["sea_orm", "ActiveModel", "crate::controllers"]),
    (
        "src/controllers",
        &["sea_orm", "ActiveModel", "hub_protocol", "crate::hubs"],
    ),
    ("src/described", &["sea_orm", "ActiveModel"]),
    ("hub-protocol/src", &["hubwire", "entities", "sea_orm"]),
    ("entities/src", &["axum", "hub_protocol", "hubwire"]),
];
const MOST_LINES: usize = 600;
const ROOTS: &[&str] = &["src", "hub-protocol", "entities", "migrations", "examples", "tests"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `path`, as (path from the root, text).
fn files(path: &Path, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules"].contains(&name.as_str()) {
            files(&path, found);
        } else if name.ends_with(".rs") {
            let shown = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push((shown, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all_files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ROOTS {
        files(&root().join(folder), &mut found);
    }
    assert!(found.len() > 20, "the files were found");
    found
}

#[test]
fn rooms_keep_their_walls() {
    let mut broken = Vec::new();
    for (path, text) in all_files() {
        for (room, strangers) in WALLS {
            if !path.starts_with(&format!("{room}/")) && path != format!("{room}.rs") {
                continue;
            }
            for (place, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for stranger in strangers.iter().filter(|stranger| names(code, stranger)) {
                    broken.push(format!("{path}:{}: {room} must not know {stranger}", place + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Whether the name stands in the line as a word of its own.
fn names(code: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[test]
fn files_say_what_they_are_and_stay_small() {
    let mut odd = Vec::new();
    for (path, text) in all_files() {
        if !text.starts_with("//!") && !text.starts_with("#![doc = include_str!") {
            odd.push(format!("{path} does not open with //!"));
        }
        if text.lines().count() > MOST_LINES {
            odd.push(format!("{path} has more than {MOST_LINES} lines"));
        }
        if path.ends_with("/mod.rs") {
            odd.push(format!("{path} should be a file beside its folder"));
        }
    }
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn env_example_is_the_table_of_settings() {
    let written = fs::read_to_string(root().join(".env.example")).unwrap();
    assert_eq!(written, hubwire::config::settings::env_example());
}
