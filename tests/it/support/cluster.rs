//! A throwaway PostgreSQL cluster, started from the installed binaries when first needed and gone
//! with the test process. `CAIXING_TEST_DATABASE_URL` names a server to use instead; each test has
//! a schema of its own there.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use caixing::store::{Database, Store};
use sqlx::Connection as _;
use tempfile::TempDir;

/// Names the server to use instead of a throwaway one.
pub const URL_VARIABLE: &str = "CAIXING_TEST_DATABASE_URL";
const MEMORY: &str = "/dev/shm";
const USER: &str = "caixing";
/// The role that must say its password; tests make it.
pub const ASKED: &str = "asked";
/// Stops the cluster when the test process has ended, however it ended: its end of the pipe is
/// closed then.
const WATCH: &str =
    r#"cat > /dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -s stop; rm -rf "$2""#;

/// A running server.
pub struct Cluster {
    /// Its URL, without a schema.
    pub url: String,
    own: Option<Own>,
}

/// What a throwaway server is started and stopped with.
struct Own {
    bin: PathBuf,
    dir: PathBuf,
    user: Option<(u32, u32)>,
    options: String,
    _watch: Child,
}

impl Own {
    fn run(&self, program: &str, arguments: &[&str]) {
        run(&self.bin, &self.dir, self.user, program, arguments);
    }

    fn data(&self) -> String {
        self.dir.join("data").display().to_string()
    }
}

/// Runs one of the server's programs in a directory, as its user.
fn run(bin: &Path, dir: &Path, user: Option<(u32, u32)>, program: &str, arguments: &[&str]) {
    let mut command = Command::new(bin.join(program));
    command.args(arguments).current_dir(dir);
    command.stdin(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    // Not a pipe: the server would keep it open after the program that starts it.
    let output = std::fs::File::create(dir.join(format!("{program}.out"))).unwrap();
    command.stdout(output.try_clone().unwrap()).stderr(output);
    let ended = command.status().unwrap();
    let said = || std::fs::read_to_string(dir.join(format!("{program}.out"))).unwrap();
    assert!(ended.success(), "{program}: {}", said());
}

/// The server of this test process.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| match std::env::var(URL_VARIABLE) {
        Ok(url) => Cluster { url, own: None },
        Err(_) => Cluster::start(),
    });
    &CLUSTER
}

/// Where the newest installed server's programs lie.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").is_file().then_some((version, bin))
        })
        .collect();
    found.sort();
    let (version, bin) = found.pop().unwrap_or_else(|| {
        panic!(
            "PostgreSQL is not installed: on Debian, apt-get install postgresql; or name a server \
             with {URL_VARIABLE}"
        )
    });
    assert!(
        version >= 15,
        "PostgreSQL 15 or newer is needed, not {version}"
    );
    bin
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
fn user(program: &Path) -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let id = |flag: &str| {
        let output = Command::new("id")
            .args([flag, "postgres"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let none = || panic!("{} needs the user postgres", program.display());
        text.trim().parse().unwrap_or_else(|_| none())
    };
    Some((id("-u"), id("-g")))
}

impl Cluster {
    /// Starts a throwaway server.
    pub fn start() -> Self {
        let bin = binaries();
        let user = user(&bin);
        let dir = if Path::new(MEMORY).is_dir() {
            TempDir::with_prefix_in("caixing-pg-", MEMORY).unwrap()
        } else {
            TempDir::with_prefix("caixing-pg-").unwrap()
        };
        let dir = dir.keep();
        if let Some((uid, gid)) = user {
            chown(&dir, Some(uid), Some(gid)).unwrap();
        }
        let run = |program: &str, arguments: &[&str]| run(&bin, &dir, user, program, arguments);
        let data = dir.join("data").display().to_string();
        run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        );
        // Everybody is trusted but a role that must say its password.
        let access = dir.join("data/pg_hba.conf");
        let trusting = std::fs::read_to_string(&access).unwrap();
        let asked = format!("host all {ASKED} 127.0.0.1/32 scram-sha-256\n{trusting}");
        std::fs::write(&access, asked).unwrap();
        let port = free_port();
        // Tests kill our own processes, never this server: it need not sync.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -k {} -c fsync=off -c full_page_writes=off \
             -c max_connections=300 -c shared_buffers=64MB",
            dir.display()
        );
        let log = dir.join("server.log").display().to_string();
        run(
            "pg_ctl",
            &["-D", &data, "-w", "-s", "-l", &log, "-o", &options, "start"],
        );
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "watch"]).arg(&bin).arg(&dir);
        watch
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // In a group of its own, so that an interrupt of the tests does not end it first.
        watch.process_group(0);
        if let Some((uid, gid)) = user {
            watch.uid(uid).gid(gid);
        }
        let watch = watch.spawn().unwrap();
        let url = format!("postgres://{USER}@127.0.0.1:{port}/postgres");
        let own = Own {
            bin,
            dir,
            user,
            options,
            _watch: watch,
        };
        Self {
            url,
            own: Some(own),
        }
    }

    /// Stops a throwaway server: everyone is thrown out.
    pub fn stop(&self) {
        let own = self.own.as_ref().unwrap();
        own.run(
            "pg_ctl",
            &["-D", &own.data(), "-w", "-s", "-m", "fast", "stop"],
        );
    }

    /// Starts it again.
    pub fn start_again(&self) {
        let own = self.own.as_ref().unwrap();
        let log = own.dir.join("server.log").display().to_string();
        let start = [
            "-D",
            &own.data(),
            "-w",
            "-s",
            "-l",
            &log,
            "-o",
            &own.options,
            "start",
        ];
        own.run("pg_ctl", &start);
    }

    /// Runs statements on the server.
    pub fn run(&self, sql: &str) {
        let _one = ONE.lock();
        let (url, sql) = (self.url.clone(), sql.to_owned());
        beside(|| async move { execute(&url, sql).await });
    }

    /// Where the server is a Citus coordinator: makes the tables of a schema and distributes them,
    /// as an operator does.
    pub fn distribute(&self, url: &str) {
        let _one = ONE.lock();
        let (server, url) = (self.url.clone(), url.to_owned());
        beside(|| async move {
            let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
            let found = "SELECT extname FROM pg_extension WHERE extname = 'citus'";
            let citus = sqlx::query(found).fetch_optional(&mut connection).await;
            if citus.unwrap().is_none() {
                return;
            }
            let database = Database::Postgres(url.clone());
            Store::open(&database).await.unwrap().close().await;
            let sql = include_str!("../../../deploy/citus.sql");
            // Twice: the second time finds nothing to do.
            execute(&url, sql.to_owned()).await;
            execute(&url, sql.to_owned()).await;
        });
    }
}

/// Runs to its end on a thread of its own, whatever runtime calls.
fn beside<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let work = move || runtime.unwrap().block_on(work());
    std::thread::spawn(work).join().unwrap();
}

async fn execute(url: &str, sql: String) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// One at a time talks to the server here: schemas are made and dropped in turn.
static ONE: Mutex<()> = Mutex::new(());

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
