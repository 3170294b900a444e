//! Years of talk: ann's group of thirty with most of the messages, and three hundred pairs.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::support::{EPOCH, Store};

const PEOPLE: i64 = 300;
const MEMBERS: i64 = 30;
const MESSAGES: i64 = 20_000;
const MOVES: i64 = 20;

pub(super) async fn fill(store: &Store) {
    let write = &store.database.write;
    let is_sqlite = write.get_database_backend() == DbBackend::Sqlite;
    let numbers = |name: &str, from: i64, to: i64| {
        if is_sqlite {
            format!("{name}(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM {name} WHERE n < {to})")
        } else {
            format!("{name}(n) AS (SELECT CAST(g AS bigint) FROM generate_series({from}, {to}) g)")
        }
    };
    let id = |table: i64, number: &str| {
        if is_sqlite {
            format!("CAST(substr('0000000000000000{table}' || {number}, -16) AS BLOB)")
        } else {
            format!("CAST(lpad('{table}' || lpad(CAST({number} AS text), 12, '0'), 32, '0') AS uuid)")
        }
    };
    let (no, hash) = if is_sqlite {
        ("0", "x'00'")
    } else {
        ("false", "'\\x00'")
    };
    let people = numbers("people_numbers", 0, PEOPLE);
    let messages = numbers("message_numbers", 1, MESSAGES);
    let moves = numbers("move_numbers", 0, MOVES - 1);
    let who = |n: &str| format!("CASE WHEN {n} = 0 THEN 'ann' ELSE 'person-' || {n} END");
    let half = MESSAGES / 2;
    let rest = half / PEOPLE;
    let columns = "(conversation, user_id, role, from_event, visible_from_seq, read_seq, is_muted, is_archived, \
                   is_pinned, joined_at)";
    let member = |conversation: &str, user: &str, read: i64| {
        format!("{conversation}, {user}, 0, 0, 1, {read}, {no}, {no}, {no}, {EPOCH}")
    };
    let statements = [
        format!(
            "WITH RECURSIVE {people} INSERT INTO people (id, username, full_name, is_placeholder, created_at, updated_at) \
             SELECT {0}, {0}, {0}, {no}, {EPOCH}, {EPOCH} FROM people_numbers",
            who("n")
        ),
        format!(
            "WITH RECURSIVE {people} INSERT INTO conversations (number, id, kind, created_by, created_at, updated_at, \
             last_seq, last_message_at) SELECT n + 1, {}, CASE WHEN n = 0 THEN 1 ELSE 0 END, 'ann', {EPOCH}, \
             {EPOCH} + n, CASE WHEN n = 0 THEN {half} ELSE {rest} END, {EPOCH} + n FROM people_numbers",
            id(1, "n")
        ),
        format!(
            "WITH RECURSIVE {people} INSERT INTO members {columns} SELECT {} FROM people_numbers WHERE n < {MEMBERS}",
            member("1", &who("n"), half - 5)
        ),
        format!(
            "WITH RECURSIVE {people} INSERT INTO members {columns} SELECT {} FROM people_numbers WHERE n > 0",
            member("n + 1", "'ann'", rest - 5)
        ),
        format!(
            "WITH RECURSIVE {people} INSERT INTO members {columns} SELECT {} FROM people_numbers WHERE n > 0",
            member("n + 1", "'person-' || n", rest)
        ),
        format!(
            "WITH RECURSIVE {messages} INSERT INTO messages (number, id, conversation, seq, sender_id, kind, content, \
             content_hash, created_at) SELECT n, {}, CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n / 2 % {PEOPLE} END, \
             CASE WHEN n % 2 = 0 THEN n / 2 ELSE 1 + n / 2 / {PEOPLE} END, \
             CASE WHEN n % 2 = 0 THEN 'ann' ELSE 'person-' || (1 + n / 2 % {PEOPLE}) END, 0, \
             'word' || n % 2000 || ' something', {hash}, {EPOCH} + n FROM message_numbers",
            id(2, "n")
        ),
        format!(
            "WITH RECURSIVE {moves} INSERT INTO moves (conversation, user_id, kind, from_seq, up_to_seq, at) \
             SELECT p.conversation, p.user_id, k.kind, 1 + n * (1 + c.last_seq / {MOVES}), \
             (n + 1) * (1 + c.last_seq / {MOVES}), {EPOCH} FROM members p JOIN conversations c ON c.number = p.conversation \
             CROSS JOIN move_numbers CROSS JOIN (SELECT 0 AS kind UNION ALL SELECT 1) k"
        ),
        format!(
            "INSERT INTO reactions (message, user_id, emoji, at) \
             SELECT number, sender_id, 'x', {EPOCH} FROM messages WHERE number % 50 = 0"
        ),
    ];
    for statement in statements {
        write.execute_unprepared(&statement).await.unwrap();
    }
    if !is_sqlite {
        // As the database does by itself before long. Named, or those of all tests would be gone through.
        let tables = "ANALYZE people, conversations, members, messages, moves, reactions";
        write.execute_unprepared(tables).await.unwrap();
    }
}
