//! Alive and ready.

use crate::support::TestApp;

#[tokio::test]
async fn healthy_server_says_so() {
    let app = TestApp::start().await;
    assert_eq!(app.ask("GET", "/healthz", &[], b"").await.data()["status"], "alive");
    assert_eq!(app.ask("GET", "/readyz", &[], b"").await.data()["status"], "ready");
    assert_eq!(app.ask("GET", "/READYZ/", &[], b"").await.status, 200);
}

#[tokio::test]
async fn server_without_its_database_is_alive_and_not_ready() {
    let app = TestApp::start().await;
    app.app.database.clone().close().await.unwrap();
    assert_eq!(app.ask("GET", "/healthz", &[], b"").await.status, 200);
    let body = app.ask("GET", "/readyz", &[], b"").await.refused(503, "unavailable");
    assert_eq!(body["error"], "The database does not answer");
}
