//! Who goes behind the store's back.

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

static FOR_SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static FOR_POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Somebody with the password of the database.
pub(crate) enum Intruder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Intruder {
    pub(crate) async fn enter(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("connects"))
        } else {
            Self::Postgres(PgConnection::connect(url).await.expect("connects"))
        }
    }

    pub(crate) async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(sql).execute(connection).await.expect(sql);
            }
            Self::Postgres(connection) => {
                sqlx::query(sql).execute(connection).await.expect(sql);
            }
        }
    }

    /// Makes the tables that the first version had, and no others.
    pub(crate) async fn make_first_tables(&mut self) {
        match self {
            Self::Sqlite(connection) => FOR_SQLITE.run_to(1, connection).await,
            Self::Postgres(connection) => FOR_POSTGRES.run_to(1, connection).await,
        }
        .expect("migrates");
    }

    /// SHA-384 of a migration that ran, in hexadecimal.
    pub(crate) async fn checksum(&mut self, version: i64) -> String {
        let sql = "SELECT checksum FROM _sqlx_migrations WHERE version = $1";
        let sum: Vec<u8> = match self {
            Self::Sqlite(connection) => {
                let sum = sqlx::query_scalar(sql).bind(version);
                sum.fetch_one(connection).await
            }
            Self::Postgres(connection) => {
                let sum = sqlx::query_scalar(sql).bind(version);
                sum.fetch_one(connection).await
            }
        }
        .expect(sql);
        hex::encode(sum)
    }

    /// Runs statements in which bytes are written as `/* bytes */ x'…'`.
    pub(crate) async fn script(&mut self, statements: &str) {
        match self {
            Self::Sqlite(connection) => {
                let statements = AssertSqlSafe(statements.to_owned());
                sqlx::raw_sql(statements)
                    .execute(connection)
                    .await
                    .map(|_| ())
            }
            Self::Postgres(connection) => {
                let statements = statements.replace("/* bytes */ x'", r"'\x");
                let statements = AssertSqlSafe(statements);
                sqlx::raw_sql(statements)
                    .execute(connection)
                    .await
                    .map(|_| ())
            }
        }
        .expect("runs");
    }

    /// Has the database read a statement with its parameters, without carrying it out.
    pub(crate) async fn understands(&mut self, statement: &str) {
        let asked = match self {
            Self::Sqlite(connection) => {
                let explain = AssertSqlSafe(format!("EXPLAIN {statement}"));
                sqlx::raw_sql(explain).execute(connection).await.map(|_| ())
            }
            Self::Postgres(connection) => {
                let prepare = format!("PREPARE earlier AS {statement} DEALLOCATE earlier");
                let prepare = AssertSqlSafe(prepare);
                sqlx::raw_sql(prepare).execute(connection).await.map(|_| ())
            }
        };
        asked.expect(statement);
    }

    /// Every record with its revision and state, in order.
    pub(crate) async fn records(&mut self) -> Vec<(String, String, i64, String)> {
        let sql = "SELECT kind, id, revision, state FROM record ORDER BY kind, id";
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await,
        }
        .expect(sql)
    }

    /// Writes bytes over a column of a row and gives what stood there.
    pub(crate) async fn swap(
        &mut self,
        read: &'static str,
        write: &'static str,
        row: i64,
        change: impl Fn(&mut Vec<u8>),
    ) -> Vec<u8> {
        let before: Vec<u8> = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(read)
                .bind(row)
                .fetch_one(connection)
                .await
                .expect(read),
            Self::Postgres(connection) => sqlx::query_scalar(read)
                .bind(row)
                .fetch_one(connection)
                .await
                .expect(read),
        };
        let mut after = before.clone();
        change(&mut after);
        self.put(write, row, after).await;
        before
    }

    pub(crate) async fn put(&mut self, write: &'static str, row: i64, bytes: Vec<u8>) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(write)
                    .bind(row)
                    .bind(bytes)
                    .execute(connection)
                    .await
                    .expect(write);
            }
            Self::Postgres(connection) => {
                sqlx::query(write)
                    .bind(row)
                    .bind(bytes)
                    .execute(connection)
                    .await
                    .expect(write);
            }
        }
    }

    /// All rows of the table of keys: kind, id and key.
    pub(crate) async fn lookups(&mut self) -> Vec<(String, String, String)> {
        let sql = "SELECT kind, id, key FROM lookup";
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await,
        }
        .expect(sql)
    }

    /// The indexes of the store, each with what is in it.
    pub(crate) async fn indexes(&mut self) -> Vec<String> {
        let rows: Vec<String> = match self {
            Self::Sqlite(connection) => {
                let sql = "SELECT name || sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1";
                let rows = sqlx::query_scalar(sql).fetch_all(connection).await;
                rows.expect(sql)
            }
            Self::Postgres(connection) => {
                let sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
                let rows = sqlx::query_scalar(sql).fetch_all(connection).await;
                rows.expect(sql)
            }
        };
        let plain = |sql: String| sql.replace(" IF NOT EXISTS", "");
        rows.into_iter().map(plain).collect()
    }

    /// Every row of every table as a text, in order; without what chance decides (salts, the ordinals of notes) and what only counts
    /// (running numbers), and without counters that are zero.
    pub(crate) async fn everything(&mut self) -> Vec<String> {
        let tables = [
            "SELECT 'record ' || kind || ' ' || id || ' ' || revision || ' ' || state FROM record",
            "SELECT 'event ' || kind || ' ' || id || ' ' || revision || ' ' || at || ' ' || body || \
             CASE kind WHEN 'note' THEN '' ELSE ' ' || ordinal END FROM event",
            "SELECT 'task ' || queue || ' ' || desk || ' ' || kind || ' ' || id || ' ' || province || ' ' || district || ' ' || \
             commune || ' ' || state || ' ' || open || ' ' || due FROM task",
            "SELECT 'count ' || queue || ' ' || desk || ' ' || province || ' ' || district || ' ' || commune || ' ' || state || \
             ' ' || open || ' ' || n FROM task_count WHERE n <> 0",
            "SELECT 'reminder ' || kind || ' ' || id || ' ' || what || ' ' || at FROM reminder",
            "SELECT 'lookup ' || kind || ' ' || id || ' ' || key FROM lookup",
            "SELECT 'job ' || key || ' ' || name || ' ' || payload || ' ' || run_at FROM job",
            "SELECT 'message ' || key || ' ' || channel || ' ' || recipient || ' ' || body || ' ' || at FROM outbox",
        ];
        let mut all = Vec::new();
        for sql in tables {
            let rows: Vec<String> = match self {
                Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
                Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            }
            .expect(sql);
            all.extend(rows);
        }
        all.sort();
        all
    }
}
