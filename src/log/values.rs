//! Lists of rows in raw statements, for what the query builder cannot say.

use sea_orm::DbBackend;

/// `rows` rows of three numbers, to stand behind `VALUES`.
pub(crate) fn triples(backend: DbBackend, rows: usize) -> String {
    let cell = |place: usize| match backend {
        DbBackend::Postgres => format!("CAST(${place} AS BIGINT)"),
        _ => "?".to_owned(),
    };
    let row = |row: usize| {
        let cells: Vec<_> = (1..=3).map(|place| cell(row * 3 + place)).collect();
        format!("({})", cells.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
