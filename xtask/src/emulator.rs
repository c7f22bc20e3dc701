//! A running `epi-emulator`: started, read, and stopped when the value goes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Doing, Failure, Result};
use crate::process::{self, Background};

/// What a start may take; the emulator makes a certificate, nothing slow.
const READY: Duration = Duration::from_secs(30);

pub(crate) struct Emulator {
    running: Background,
    /// The line that it printed when it was ready.
    ready: Value,
    secret_file: PathBuf,
    /// What the programs that it configures keep, so that nothing lands in the home of the person who runs this.
    state: PathBuf,
}

impl Emulator {
    /// Starts the program with these options; the client secret goes into `secret_file`, never to a screen.
    pub(crate) fn start(program: &Path, options: &[&str], secret_file: PathBuf) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(options);
        let (running, ready) = process::start_until(&mut command, READY, |line| serde_json::from_str(line).ok())?;
        let state = secret_file.with_file_name("state");
        let emulator = Self { running, ready, secret_file, state };
        write_secret(&emulator.secret_file, emulator.value("clientSecret")?)?;
        Ok(emulator)
    }

    /// The settings of `epi` for this emulator, except for the secret.
    pub(crate) fn settings(&self) -> Result<Vec<(&'static str, String)>> {
        let names = [
            ("EPI_ENDPOINT", "endpoint"),
            ("EPI_CA_FILE", "caFile"),
            ("EPI_CLIENT_KEY", "clientKey"),
            ("EPI_PROJECT_ID", "projectId"),
        ];
        names.into_iter().map(|(variable, name)| Ok((variable, self.value(name)?.to_owned()))).collect()
    }

    /// Lets a command talk to this emulator.
    pub(crate) fn configure(&self, command: &mut Command) -> Result<()> {
        command.envs(self.settings()?).env("EPI_CLIENT_SECRET", self.value("clientSecret")?);
        command.env("EPI_STATE_DIR", &self.state);
        Ok(())
    }

    /// Lets a program that hosts the library talk to this emulator.
    pub(crate) fn configure_host<'a>(&self, command: &'a mut Command) -> Result<&'a mut Command> {
        let mut config = serde_json::Map::new();
        for name in ["endpoint", "caFile", "clientKey", "projectId"] {
            config.insert(name.to_owned(), self.value(name)?.into());
        }
        config.insert("stateDir".to_owned(), self.state.to_string_lossy().into());
        let config = Value::from(config).to_string();
        Ok(command.env("EPI_CONFIG", config).env("EPI_SECRET", self.value("clientSecret")?))
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.running.id()
    }

    fn value(&self, name: &str) -> Result<&str> {
        self.ready[name].as_str().ok_or_else(|| Failure::new(format!("the emulator's first line has no {name}")))
    }
}

fn write_secret(file: &Path, secret: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let doing = format!("cannot write {}", file.display());
    let mut opened = options.open(file).doing(&doing)?;
    std::io::Write::write_all(&mut opened, secret.as_bytes()).doing(&doing)
}
