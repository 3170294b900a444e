//! What is known of people besides their names: what they show, when they were last here, whether they may come in, what
//! their token said last; and the names they are found by.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, small_integer, string_len, text, text_null};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Rows of one statement.
const ROWS: usize = 500;

fn columns() -> Vec<ColumnDef> {
    vec![
        small_integer("status").default(0).take(),
        big_integer_null("last_seen_at").take(),
        big_integer_null("deactivated_at").take(),
        text_null("claims").take(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager
                .alter_table(Table::alter().table("people").add_column(column).take())
                .await?;
        }
        manager.create_table(person_names()).await?;
        // Only these serve `LIKE 'prefix%'`; stored names are folded already.
        let names = match manager.get_database_backend() {
            DbBackend::Sqlite => "CREATE INDEX person_names_by_name ON person_names (name COLLATE NOCASE)",
            _ => "CREATE INDEX person_names_by_name ON person_names (name text_pattern_ops)",
        };
        for index in [
            names,
            "CREATE INDEX people_deactivated ON people (id) WHERE deactivated_at IS NOT NULL",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        name_everybody(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("DROP INDEX people_deactivated")
            .await?;
        manager.drop_table(Table::drop().table("person_names").take()).await?;
        for column in columns() {
            let name = column.get_column_name();
            manager
                .alter_table(Table::alter().table("people").drop_column(name).take())
                .await?;
        }
        Ok(())
    }
}

fn person_names() -> TableCreateStatement {
    Table::create()
        .table("person_names")
        .col(string_len("user_id", 128))
        .col(text("name"))
        .primary_key(Index::create().col("user_id").col("name"))
        .foreign_key(
            ForeignKey::create()
                .name("person_names_person")
                .from("person_names", "user_id")
                .to("people", "id"),
        )
        .take()
}

/// Those who signed in before are found by their whole names; the words of them follow when they change.
async fn name_everybody(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let people = Query::select()
        .columns(["id", "username", "full_name"])
        .from("people")
        .and_where(Expr::col("is_placeholder").eq(false))
        .take();
    let mut rows = Vec::new();
    for person in connection.query_all(&people).await? {
        let id: String = person.try_get("", "id")?;
        let mut names = ["username", "full_name"]
            .iter()
            .map(|column| person.try_get::<String>("", column).map(|name| fold(&name)))
            .collect::<Result<Vec<_>, _>>()?;
        names.dedup();
        rows.extend(names.into_iter().map(|name| (id.clone(), name)));
    }
    for portion in rows.chunks(ROWS) {
        let mut insert = Query::insert();
        insert.into_table("person_names").columns(["user_id", "name"]);
        for (id, name) in portion {
            insert.values_panic([id.clone().into(), name.clone().into()]);
        }
        connection.execute(&insert).await?;
    }
    Ok(())
}

/// As the server folds them, see `entities::person_name`.
fn fold(name: &str) -> String {
    name.to_lowercase().chars().take(100).collect()
}
