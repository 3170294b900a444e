//! What servers on one database say to each other beside the log: what is over in a moment, and what they keep in memory.

use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Bytes of one notification; PostgreSQL takes less than 8,000.
const LONGEST: usize = 7_900;

/// One thing to know. Where something is stored, a word says only whom it is about: what is read then is never older.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// Somebody is there who says so; every few seconds, so that whoever hears nothing knows that it is deaf.
    Alive,
    Typing(Typing),
    /// Somebody is here on the server that says so.
    Came(UserId),
    /// Somebody is no longer, and was last seen then: milliseconds since 1970, UTC.
    Went(UserId, i64),
    /// Somebody shows something else of being here.
    Shows(UserId),
    /// Somebody may not come in any more, or may again.
    Admission(UserId),
    /// Two may not see each other any more, or may again.
    Parted(UserId, UserId),
    /// Somebody's profile is another.
    Profile(UserId),
    /// Somebody did one of what a person may do only so often.
    Did(UserId, Limited),
}

/// What a person may do only so often, on all servers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limited {
    Messages,
    Reactions,
    Uploads,
}

impl Limited {
    /// In the plural.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Reactions => "reactions",
            Self::Uploads => "uploads",
        }
    }
}

/// Somebody started or stopped typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Typing {
    pub(crate) conversation: ConversationNumber,
    pub(crate) conversation_id: ConversationId,
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) is_typing: bool,
    /// Milliseconds since 1970, UTC.
    pub(crate) at: i64,
}

/// The payloads that say these words, as few as they fit in. What is too long for one is not said.
pub(super) fn payloads(name: Uuid, words: &[Word]) -> Vec<String> {
    let mut payloads = Vec::new();
    let mut payload = String::new();
    for word in words {
        let text = serde_json::to_string(word).expect("words are JSON");
        let begin = format!("{name} [");
        if begin.len() + text.len() + 1 > LONGEST {
            tracing::warn!("a word to other servers is too long");
            continue;
        }
        if !payload.is_empty() && payload.len() + text.len() + 2 > LONGEST {
            payload.push(']');
            payloads.push(std::mem::take(&mut payload));
        }
        payload.push_str(if payload.is_empty() { &begin } else { "," });
        payload.push_str(&text);
    }
    if !payload.is_empty() {
        payload.push(']');
        payloads.push(payload);
    }
    payloads
}

/// Who says what: no words mean that there is something new in the log. Words that are not known here, of a newer server,
/// are passed over.
pub(super) fn understand(payload: &str) -> Option<(Uuid, Vec<Word>)> {
    let (name, said) = payload.split_once(' ').unwrap_or((payload, "[]"));
    let said: Vec<serde_json::Value> = serde_json::from_str(said).ok()?;
    let words = said.into_iter().filter_map(|word| serde_json::from_value(word).ok());
    Some((name.parse().ok()?, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_words_are_said_in_few_notifications_that_fit() {
        let name = Uuid::nil();
        let words: Vec<_> = (0..1_000)
            .map(|number| Word::Came(format!("{number} \"ü").parse().unwrap()))
            .collect();
        let payloads = payloads(name, &words);
        assert!(payloads.iter().all(|payload| payload.len() <= LONGEST));
        assert!(payloads.len() <= 5, "{}", payloads.len());
        let understood = payloads.iter().flat_map(|payload| {
            let (by, words) = understand(payload).unwrap();
            assert_eq!(by, name);
            words
        });
        assert_eq!(understood.collect::<Vec<_>>(), words);
    }

    #[test]
    fn what_is_too_long_is_left_out_and_the_rest_is_said() {
        let typing = Word::Typing(Typing {
            conversation: ConversationNumber(1),
            conversation_id: ConversationId(Uuid::nil()),
            user: "ann".parse().unwrap(),
            name: "x".repeat(LONGEST),
            is_typing: true,
            at: 0,
        });
        let went = Word::Went("ann".parse().unwrap(), 7);
        let payloads = payloads(Uuid::nil(), &[typing, went.clone()]);
        assert_eq!(payloads.len(), 1);
        assert_eq!(understand(&payloads[0]), Some((Uuid::nil(), vec![went])));
    }

    #[test]
    fn a_bare_name_is_of_the_log_and_unknown_words_are_passed_over() {
        let name = Uuid::nil();
        assert_eq!(understand(&name.to_string()), Some((name, Vec::new())));
        let newer = format!(r#"{name} [{{"dances":"ann"}},{{"came":"ann"}},3]"#);
        let came = Word::Came("ann".parse().unwrap());
        assert_eq!(understand(&newer), Some((name, vec![came])));
        for nonsense in ["", "x", "x []", &format!("{name} x")] {
            assert_eq!(understand(nonsense), None, "{nonsense}");
        }
    }
}
