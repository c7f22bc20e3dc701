//! The workspace as cargo sees it: its folders, the features of its packages, and the programs it builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Doing, Failure, Result};
use crate::process;

/// What cargo sets for the program it runs. A cargo started from here must not see it: build scripts that watch
/// such variables would run again each time a person changes between `cargo xtask test` and `cargo test`.
const SET_BY_CARGO_RUN: [&str; 5] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// What adds the programs that the bench measures beside `epi`.
const PEERS: &str = "xtask/bench";

/// Every package, with everything in it. Lints, documentation, programs, tests and fuzz targets all select this, whatever
/// they build of it: cargo compiles a dependency once for each set of features that a selection asks for.
pub(crate) const EVERYTHING: [&str; 3] = ["--workspace", "--features", PEERS];

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    metadata: Value,
}

/// The programs of the workspace and the shared library, as built.
pub(crate) struct Programs {
    pub(crate) epi: PathBuf,
    pub(crate) emulator: PathBuf,
    pub(crate) library: PathBuf,
}

/// The programs that the bench measures beside `epi`, and the sink that it measures against, as built.
pub(crate) struct Peers {
    pub(crate) sink: PathBuf,
    pub(crate) bench_peer: PathBuf,
    pub(crate) epi_download: PathBuf,
    pub(crate) rust_calls: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let arguments = ["metadata", "--format-version", "1", "--no-deps"];
        let mut command = cargo();
        // Where this program was built from, so that it works in every folder.
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let metadata = process::output(command.args(arguments))?;
        let metadata: Value = serde_json::from_str(&metadata).doing("cannot read the answer of cargo metadata")?;
        let folder = |name: &str| {
            let path = metadata[name].as_str().map(PathBuf::from);
            path.ok_or_else(|| Failure::new(format!("cargo metadata has no {name}")))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")?, metadata })
    }

    /// A cargo command in the root of the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// The features of a package, without `default`.
    pub(crate) fn features(&self, package: &str) -> Vec<String> {
        let packages = self.metadata["packages"].as_array().into_iter().flatten();
        let features = packages.filter(|row| row["name"] == package).filter_map(|row| row["features"].as_object());
        features.flat_map(|map| map.keys().filter(|name| *name != "default").cloned()).collect()
    }

    /// Builds `epi`, the emulator, and the library.
    pub(crate) fn build_programs(&self, profile: Profile) -> Result<Programs> {
        let mut what = match profile {
            Profile::Dev => EVERYTHING.to_vec(),
            // What users get, without what anything else asks of a dependency.
            Profile::Release => {
                ["epicloud", "epicloud-capi", "epicloud-emulator"].map(|name| ["--package", name]).concat()
            }
        };
        what.push("--lib");
        what.extend(Programs::NAMES.iter().flat_map(|name| ["--bin", *name]));
        Programs::find(&self.build(profile, &what)?)
    }

    /// Builds the programs that the bench starts besides: the sink, and those of this package.
    pub(crate) fn build_peers(&self, profile: Profile) -> Result<Peers> {
        let mut what = vec!["--package", "xtask", "--package", "epicloud-sink", "--features", PEERS];
        what.extend(Peers::NAMES.iter().flat_map(|name| ["--bin", *name]));
        Peers::find(&self.build(profile, &what)?)
    }

    /// Builds all of these for tests, in the one way in which they share every dependency with the tests' own programs;
    /// apart they would be compiled twice.
    pub(crate) fn build_for_tests(&self) -> Result<(Programs, Peers)> {
        let mut what = EVERYTHING.to_vec();
        what.push("--lib");
        // By name, so that this program does not replace itself.
        what.extend(Programs::NAMES.iter().chain(&Peers::NAMES).flat_map(|name| ["--bin", *name]));
        let built = self.build(Profile::Dev, &what)?;
        Ok((Programs::find(&built)?, Peers::find(&built)?))
    }

    /// Builds and tells which files came of it: asking cargo holds with any target folder and any platform.
    fn build(&self, profile: Profile, what: &[&str]) -> Result<Vec<PathBuf>> {
        let mut command = self.cargo(&["build", "--message-format", "json-render-diagnostics"]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        let messages = process::output(command.args(what))?;
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let files = artifacts.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
        Ok(files.filter_map(|file| file.as_str().map(PathBuf::from)).collect())
    }
}

impl Peers {
    const NAMES: [&str; 4] = ["epi-sink", "bench-peer", "epi-download", "rust-calls"];

    fn find(built: &[PathBuf]) -> Result<Self> {
        let [sink, bench_peer, epi_download, rust_calls] = Self::NAMES.map(|name| find(built, &program_file(name)));
        Ok(Self { sink: sink?, bench_peer: bench_peer?, epi_download: epi_download?, rust_calls: rust_calls? })
    }
}

impl Programs {
    const NAMES: [&str; 2] = ["epi", "epi-emulator"];

    fn find(built: &[PathBuf]) -> Result<Self> {
        let [epi, emulator] = Self::NAMES.map(|name| find(built, &program_file(name)));
        let library = format!("{}epicloud{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
        Ok(Self { epi: epi?, emulator: emulator?, library: find(built, &library)? })
    }

    /// The folders of the programs in front of `PATH`.
    pub(crate) fn path(&self) -> Result<std::ffi::OsString> {
        let own = [&self.epi, &self.emulator].into_iter().filter_map(|program| program.parent());
        let given = env::var_os("PATH").unwrap_or_default();
        let folders = own.map(Path::to_path_buf).chain(env::split_paths(&given));
        env::join_paths(folders).doing("cannot put the programs on the PATH")
    }
}

/// Empties a folder below the target folder, or makes it.
pub(crate) fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).doing(format!("cannot empty {}", folder.display()))?;
    }
    make_folder(folder)
}

/// Makes a folder, if it is not there, and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).doing(format!("cannot make {}", folder.display()))
}

/// Copies a file into a folder, which is made. A file that is there is replaced and not written to: a library in it may
/// be loaded by a process, which would be ended by that.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    to.parent().map_or(Ok(()), make_folder)?;
    if to.exists() {
        std::fs::remove_file(to).doing(format!("cannot replace {}", to.display()))?;
    }
    std::fs::copy(from, to).map(drop).doing(format!("cannot copy {} to {}", from.display(), to.display()))
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    without_cargo(&mut command);
    command
}

/// Hides from a command that cargo runs this program.
pub(crate) fn without_cargo(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| SET_BY_CARGO_RUN.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
}

fn program_file(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

fn find(built: &[PathBuf], file: &str) -> Result<PathBuf> {
    let found = built.iter().find(|path| path.file_name().is_some_and(|name| name == file));
    found.cloned().ok_or_else(|| Failure::new(format!("cargo built no {file}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_copy_replaces_a_file_and_leaves_it_to_those_who_have_it_open() {
        let folder = env::temp_dir().join(format!("xtask-copy-{}", std::process::id()));
        fresh(&folder).unwrap();
        let [from, to, open] = ["from", "below/to", "open"].map(|name| folder.join(name));
        std::fs::write(&from, "old").unwrap();
        copy(&from, &to).unwrap();
        std::fs::hard_link(&to, &open).unwrap();
        std::fs::write(&from, "new").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!([&to, &open].map(|file| std::fs::read_to_string(file).unwrap()), ["new", "old"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
