//! Every backend behind the trait, each as two handles on one storage: two server processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use simpul::storage::fault::{Fault, Faulty};
use simpul::storage::memory::Memory;
use simpul::storage::postgres::Postgres;
use simpul::storage::sqlite::Sqlite;
use simpul::storage::{Journal, migrate};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::common;

/// Two handles on one storage, and the folder that goes away with them.
pub struct Pair {
    pub a: Arc<dyn Journal>,
    pub b: Arc<dyn Journal>,
    _folder: Option<tempfile::TempDir>,
}

pub async fn memory() -> Pair {
    let journal: Arc<dyn Journal> = Arc::new(Memory::new());
    Pair { a: Arc::clone(&journal), b: journal, _folder: None }
}

pub async fn faulty() -> Pair {
    let memory: Arc<dyn Journal> = Arc::new(Memory::new());
    let handle = || Arc::new(Faulty::new(Arc::clone(&memory), Box::new(|_| Fault::None)));
    Pair { a: handle(), b: handle(), _folder: None }
}

pub async fn sqlite() -> Pair {
    let (folder, path) = sqlite_path();
    let a = Arc::new(open(&path).await);
    let b = Arc::new(open(&path).await);
    Pair { a, b, _folder: Some(folder) }
}

pub async fn postgres() -> Pair {
    let url = postgres_as_service().await;
    let a = Arc::new(Postgres::connect(&url).await.expect("connect"));
    let b = Arc::new(Postgres::connect(&url).await.expect("connect"));
    Pair { a, b, _folder: None }
}

pub fn sqlite_path() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/simpul.db");
    (folder, path)
}

pub async fn open(path: &Path) -> Sqlite {
    Sqlite::open(path).await.expect("open")
}

/// A migrated database, reached with the rights of the service role and no more.
pub async fn postgres_as_service() -> String {
    let url = common::postgres_database().await;
    let role = url.rsplit('/').next().expect("a name").replace("test", "service");
    let mut owner = PgConnection::connect(&url).await.expect("connect");
    let create = format!("CREATE ROLE {role}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut owner).await.expect("create role");
    owner.close().await.expect("close");
    migrate::postgres(&url, Some(&role)).await.expect("migrate");
    format!("{url}?options=-c%20role%3D{role}")
}
