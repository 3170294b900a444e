//! Every change can be undone and done again.

use std::time::Duration;

use entities::ids::Seq;
use entities::member;
use hubwire::database::{Database, Options};
use migrations::{Migrator, MigratorTrait};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryOrder};

use crate::database::TestDatabase;
use crate::support::{Store, person, to};

#[tokio::test]
async fn schema_goes_up_down_and_up_again() {
    for home in TestDatabase::each().await {
        let database = Database::connect(&Options::new(&home.url)).await.unwrap();
        Migrator::up(&database.write, None).await.unwrap();
        Migrator::down(&database.write, None).await.unwrap();
        for _ in Migrator::migrations() {
            Migrator::up(&database.write, Some(1)).await.unwrap();
        }
        for _ in Migrator::migrations() {
            Migrator::down(&database.write, Some(1)).await.unwrap();
        }
        database.migrate().await.unwrap();
        database.migrate().await.unwrap();
        database.close().await.unwrap();
        let store = Store::open(home).await;
        store.post("ann", person("bob"), "hello").await.unwrap();
    }
}

#[tokio::test]
async fn who_was_added_by_an_older_server_is_put_in_order_at_the_next_start() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        for text in ["one", "two"] {
            store.post("ann", to(&group), text).await.unwrap();
        }
        store.clock.advance(Duration::from_secs(1));
        store.add("ann", &group, &["cat"]).await.unwrap();
        store.post("ann", to(&group), "three").await.unwrap();
        let rows = async || {
            let rows = member::Entity::find().order_by_asc(member::Column::Number);
            let rows = rows.all(&store.database.read).await.unwrap();
            rows.into_iter().map(|row| row.joined_seq).collect::<Vec<_>>()
        };
        let before = rows().await;
        assert_eq!(before, [0, 0, 2].map(|seq| Some(Seq(seq))));
        member::Entity::update_many()
            .col_expr(member::Column::JoinedSeq, Expr::value(None::<i64>))
            .exec(&store.database.write)
            .await
            .unwrap();
        store.database.migrate().await.unwrap();
        assert_eq!(rows().await, before);
    }
}
