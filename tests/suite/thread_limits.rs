//! The command line where the system gives few threads, as in a container with a limit: each command does what it should,
//! or fails with an error that names the limit. It neither hangs nor panics.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use epicloud_emulator::{Config, Emulator, LinkScheme, Speed};

use super::fixture::{Epi, Run, saving};
use super::virtual_time::content;

/// What takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Only root can become a user of whom nothing else runs.
fn is_root() -> bool {
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        let _ = writeln!(std::io::stderr(), "not run by root, so limits on threads are left out");
    }
    is_root
}

/// `epi` where a user may run it who can read nothing of ours.
struct Limited {
    epi: Epi,
    program: std::path::PathBuf,
    user: u32,
}

impl Limited {
    fn new(emulator: &Emulator, user: u32) -> Self {
        let epi = Epi::new(emulator, emulator.endpoint()).with("EPI_CA_FILE", "");
        for folder in [&epi.folder, &epi.state] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        let program = epi.state.path().join("epi");
        std::fs::copy(env!("CARGO_BIN_EXE_epi"), &program).unwrap();
        Self { epi, program, user: user + std::process::id() % 10_000 }
    }

    /// Starts it with a limit on processes and threads.
    async fn run(&self, limit: u32, arguments: &[&str]) -> Run {
        let plain = self.epi.command(arguments);
        let mut command = Command::new("prlimit");
        command.arg(format!("--nproc={limit}")).arg(&self.program).args(arguments);
        command.current_dir(self.epi.folder.path()).stdin(std::process::Stdio::null()).uid(self.user).gid(self.user);
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let ended = tokio::task::spawn_blocking(move || command.output());
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        Run::of(ended.unwrap_or_else(|_| panic!("{arguments:?} hangs with a limit of {limit}")).unwrap().unwrap())
    }
}

/// Whether it did what it should; it must have been refused for the limit otherwise.
fn is_fine(run: &Run) -> bool {
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    if run.code != Some(0) {
        run.refused(11, &["the limit on processes and threads is reached", "ulimit -u", "pids limit", "next: raise"]);
    }
    run.code == Some(0)
}

async fn emulator() -> Emulator {
    let config =
        Config { speed: Speed::Instant, export_size: 1 << 20, link_scheme: LinkScheme::Http, ..Config::default() };
    Emulator::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_or_names_the_limit() {
    if !is_root() {
        return;
    }
    let emulator = emulator().await;
    let limited = Limited::new(&emulator, 20_000);
    limited.epi.write("site.cms.app.1.nupkg", &content(1, 5 << 20));
    let save = [&saving("x.bacpac")[..], &["--force"]].concat();
    for command in [&["connect"][..], &["package", "upload", "site.cms.app.1.nupkg"], &save] {
        let mut outcomes = Vec::new();
        for limit in (1..=10).chain([40]) {
            outcomes.push(is_fine(&limited.run(limit, command).await));
        }
        assert_eq!((outcomes.first(), outcomes.last()), (Some(&false), Some(&true)), "{command:?}: {outcomes:?}");
    }
}

/// Where several run at once, threads that were there a moment ago are gone.
#[tokio::test(flavor = "multi_thread")]
async fn commands_that_take_the_threads_from_each_other_work_or_name_the_limit() {
    if !is_root() {
        return;
    }
    let emulator = emulator().await;
    let limited = Limited::new(&emulator, 30_000);
    for limit in [6, 9, 12, 15] {
        let runs = (0..6).map(|_| limited.run(limit, &["deployment", "list"]));
        for run in futures_util::future::join_all(runs).await {
            is_fine(&run);
        }
    }
}
