//! azcopy, as npm has it. It takes the authority from `SSL_CERT_FILE`. It looks every two seconds whether it is done,
//! so that only a large file says something about it, and it takes the link as an argument and in no other way.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::candidate::BLOB;
use crate::failure::{Doing, Failure, Result};
use crate::machine::runs;
use crate::npm;

pub(super) const VERSION: &str = "10.32.2";
const NAME: &str = "@azure-tools/azcopy-linux";

#[derive(Debug)]
pub(super) struct Azcopy {
    program: PathBuf,
    folder: PathBuf,
}

pub(super) fn fetch(folder: &Path) -> Result<Azcopy> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::new("npm has it for Linux on x86-64 only"));
    }
    if let Some(reason) = npm::missing() {
        return Err(reason);
    }
    let package = npm::install(folder, NAME, VERSION, "about 60 MB")?;
    let program = package.join("dist/bin/azcopy_linux_amd64");
    allow_to_run(&program)?;
    if !runs(&program.to_string_lossy(), "--version") {
        return Err(Failure::new("it does not start; it needs libsecret (on Debian: apt-get install libsecret-1-0)"));
    }
    Ok(Azcopy { program, folder: folder.to_path_buf() })
}

/// The package leaves that to a script of its own.
fn allow_to_run(program: &Path) -> Result<()> {
    #[cfg(unix)]
    let allowed = std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755));
    #[cfg(not(unix))]
    let allowed = Ok::<_, std::io::Error>(());
    allowed.doing(format!("cannot make {} a program", program.display()))
}

impl Azcopy {
    pub(super) fn upload(&self, file: &Path, container: &str) -> Command {
        let (place, query) = container.split_once('?').unwrap_or((container, ""));
        let mut command = Command::new(&self.program);
        command.arg("copy").arg(file).arg(format!("{place}/{BLOB}?{query}"));
        // An address does not say what kind of store it is.
        command.args(["--from-to=LocalBlob", "--skip-version-check", "--log-level=NONE"]);
        let own = |name: &str| self.folder.join(name);
        command.env("AZCOPY_LOG_LOCATION", own("log")).env("AZCOPY_JOB_PLAN_LOCATION", own("plan"));
        command.env("AZCOPY_DISABLE_SYSLOG", "true");
        command
    }
}
