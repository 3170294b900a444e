//! Many short rows in one: the database gathers them into a JSON text, and lists go to it as one.
//!
//! A row of its own costs a driver more than it costs to read here, and a list that is one value leaves the statement
//! the same for any length, so that it stays prepared. Values are `$1`, `$2`, … on both databases.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// What stands in a column of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Number,
    Text,
    Uuid,
}

/// A table to select from, made of the list that is value `$place`: a row for each of its rows.
pub(crate) fn list(backend: DbBackend, place: usize, columns: &[(&str, Cell)]) -> String {
    let column = |(index, (name, cell)): (usize, &(&str, Cell))| match (backend, cell) {
        (DbBackend::Sqlite, Cell::Uuid) => format!("unhex(value ->> {index}) AS {name}"),
        (DbBackend::Sqlite, _) => format!("value ->> {index} AS {name}"),
        (_, Cell::Number) => format!("CAST(value ->> {index} AS bigint) AS {name}"),
        (_, Cell::Text) => format!("value ->> {index} AS {name}"),
        (_, Cell::Uuid) => format!("CAST(value ->> {index} AS uuid) AS {name}"),
    };
    let columns: Vec<_> = columns.iter().enumerate().map(column).collect();
    let rows = match backend {
        DbBackend::Sqlite => format!("json_each(${place})"),
        // Without an offset PostgreSQL takes each cell out again wherever it is compared.
        _ => format!("json_array_elements(CAST(${place} AS json)) OFFSET 0"),
    };
    format!("(SELECT {} FROM {rows})", columns.join(", "))
}

/// The value for a [`list`]: tuples of numbers, texts and [`hex`].
pub(crate) fn listed<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<Value, DbErr> {
    let rows: Vec<T> = rows.collect();
    let text = serde_json::to_string(&rows).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Value::from(text))
}

/// A UUID as lists hold it.
pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// What the rows of a selection are made of, in the order of the tuples that they become.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Columns<'a> {
    /// Of any kind, the rows in any order.
    Any(&'a str),
    /// Of any kind, and what the rows are ordered by.
    Ordered(&'a str, &'a str),
    /// Numbers that are never null, the rows in any order: PostgreSQL writes thousands of them in a third of the time.
    Numbers(&'a str),
}

impl Columns<'_> {
    /// The expression that makes one text of all rows.
    fn gathered(self, backend: DbBackend) -> String {
        let (columns, order) = match self {
            Self::Numbers(columns) if backend != DbBackend::Sqlite => {
                return format!("coalesce('[[' || string_agg(concat_ws(',', {columns}), '],[') || ']]', '[]')");
            }
            Self::Any(columns) | Self::Numbers(columns) => (columns, String::new()),
            Self::Ordered(columns, order) => (columns, format!(" ORDER BY {order}")),
        };
        match backend {
            DbBackend::Sqlite => format!("json_group_array(json_array({columns}){order})"),
            _ => format!("CAST(coalesce(json_agg(json_build_array({columns}){order}), '[]') AS text)"),
        }
    }
}

/// The rows of a selection. `rest` begins with what stands behind FROM.
pub(crate) async fn rows<T, C>(
    connection: &C,
    columns: Columns<'_>,
    rest: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, DbErr>
where
    T: DeserializeOwned,
    C: ConnectionTrait,
{
    let backend = connection.get_database_backend();
    let sql = format!("SELECT {} AS gathered FROM {rest}", columns.gathered(backend));
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a gathered row".to_owned()))?;
    let text: String = row.try_get("", "gathered")?;
    serde_json::from_str(&text).map_err(|error| DbErr::Json(error.to_string()))
}
