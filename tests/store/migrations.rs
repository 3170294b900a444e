//! Every change can be undone and done again.

use hubwire::database::{Database, Options};
use migrations::{Migrator, MigratorTrait};

use crate::database::TestDatabase;
use crate::support::{Store, person};

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
