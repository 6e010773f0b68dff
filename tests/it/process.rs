//! The real binary as a child process, and the stock `grpcurl` that talks to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for anything in these tests.
pub const WAIT_MAX: Duration = Duration::from_secs(60);
/// Between two looks at something awaited.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The built command, free of settings from outside.
pub fn caixing() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caixing"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CAIXING_") {
            command.env_remove(name);
        }
    }
    command.env("CAIXING_LOG", "warn");
    command
}

/// A command that serves a directory on a free port.
pub fn serving(mut command: Command, data_dir: &Path) -> Command {
    command
        .args(["serve", "--sandbox", "--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(data_dir);
    command
}

/// The built command behind another program, such as a shell; its arguments come last.
pub fn caixing_behind(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CAIXING_") {
            command.env_remove(name);
        }
    }
    command.env("CAIXING_LOG", "warn");
    command.args(arguments).arg(env!("CARGO_BIN_EXE_caixing"));
    command
}

/// A server in a process of its own; dropping it kills it.
pub struct Served {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// Where it listens, such as `127.0.0.1:40001`.
    pub address: String,
}

impl Served {
    /// Starts `caixing serve --sandbox` on a free port and waits until it says where it listens.
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    /// The same with further arguments.
    pub fn start_with(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut command = serving(caixing(), data_dir);
        command.args(arguments);
        Self::started(command)
    }

    /// Waits until a server says where it listens.
    pub fn started(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(address) = line.trim_end().strip_prefix("caixing listens on ") else {
            let _ = child.kill();
            panic!("the server said {line:?} and logged {:?}", log.join());
        };
        Self {
            address: address.to_owned(),
            child,
            log: Some(log),
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would end the process.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        let ended = self.child.wait().unwrap();
        assert!(!ended.success(), "it ended by itself before it was killed");
    }

    /// Asks it to stop; how it ended and what it logged.
    pub fn terminate(mut self) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
        let ended = poll("the server stops", || self.child.try_wait().unwrap());
        (ended, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until there is something, at most for [`WAIT_MAX`].
pub fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < WAIT_MAX, "waited too long: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The folder of a stock `grpcurl`: on the PATH, or where `.ci/run` puts it.
pub fn grpcurl_folder() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin");
    std::env::split_paths(&path)
        .chain([tools])
        .find(|folder| folder.join("grpcurl").is_file())
        .unwrap_or_else(|| {
            panic!(
                "grpcurl is missing: run `.ci/run` once, which puts it into target/tools/bin, or \
                 install it from https://github.com/fullstorydev/grpcurl and put it on the PATH"
            )
        })
}
