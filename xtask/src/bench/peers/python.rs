//! The Azure SDK for Python. It takes the authority from `REQUESTS_CA_BUNDLE`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::candidate::Tuning;
use crate::failure::{Doing, Failure, Result};
use crate::process;
use crate::python::{environment, missing, pip_install};

pub(super) const VERSION: &str = "12.31.1";
const UPLOAD: &str = include_str!("upload.py");

#[derive(Debug)]
pub(super) struct Python {
    program: PathBuf,
    script: PathBuf,
}

pub(super) fn fetch(folder: &Path) -> Result<Python> {
    if let Some(reason) = missing() {
        return Err(Failure::new(reason));
    }
    let required = format!("azure-storage-blob=={VERSION}");
    let program = environment(folder, &required, |python| {
        println!("fetching {required} into {}", folder.display());
        process::run(pip_install(python).arg(&required))
    })?;
    let script = folder.join("upload.py");
    fs::write(&script, UPLOAD).doing(format!("cannot write {}", script.display()))?;
    Ok(Python { program, script })
}

impl Python {
    pub(super) fn upload(&self, tuning: Tuning, file: &Path) -> Command {
        super::scripted(self.program.clone(), &self.script, tuning, file)
    }
}
