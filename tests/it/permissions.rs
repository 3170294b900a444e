//! Who may do what: every route and hub method for everybody who stands in some relation to a conversation.
//! A route or method without a row fails the test.

mod elsewhere;
mod ids;
mod methods;
mod routes;
mod world;

use self::world::ROLES;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// `forbidden`
    No,
    /// `not_a_participant`
    Left,
    /// `not_found`
    Nothing,
    /// `validation_failed`
    Wrong,
}

impl Outcome {
    fn of(code: &str) -> Self {
        match code {
            "" => Self::Done,
            "forbidden" => Self::No,
            "not_a_participant" => Self::Left,
            "not_found" => Self::Nothing,
            "validation_failed" => Self::Wrong,
            other => panic!("{other}"),
        }
    }
}

/// One outcome for each of [`ROLES`], in short: `+` done, `-` forbidden, `~` not a participant, `0` not found, `?` wrong.
fn outcomes(text: &str) -> Vec<Outcome> {
    let outcomes = text.split(' ').map(|one| match one {
        "+" => Outcome::Done,
        "-" => Outcome::No,
        "~" => Outcome::Left,
        "0" => Outcome::Nothing,
        "?" => Outcome::Wrong,
        other => panic!("{other}"),
    });
    let outcomes: Vec<_> = outcomes.collect();
    assert_eq!(outcomes.len(), ROLES.len(), "{text}");
    outcomes
}

/// What a body of the tables is.
fn content_type(body: &str) -> &'static str {
    if body.starts_with("--x") {
        "multipart/form-data; boundary=x"
    } else {
        "application/json"
    }
}

/// What is otherwise than the table says.
fn compare(found: &mut Vec<String>, what: &str, expected: &str, actual: &[Outcome]) {
    if outcomes(expected) != actual {
        let actual: Vec<&str> = actual
            .iter()
            .map(|outcome| match outcome {
                Outcome::Done => "+",
                Outcome::No => "-",
                Outcome::Left => "~",
                Outcome::Nothing => "0",
                Outcome::Wrong => "?",
            })
            .collect();
        found.push(format!("{what}: expected {expected}, found {}", actual.join(" ")));
    }
}
