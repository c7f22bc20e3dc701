//! Where the files of an export go: below the sandbox, into the emulator's blob storage, or into memory (spec 13 and 17).

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::config::Reason;
use super::location::Location;
use crate::blob::{Refused, Storage};

/// The files of an export: name and bytes.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// The folder that stands for the file system of the nodes.
#[derive(Clone, Debug)]
pub(super) struct Sandbox {
    pub(super) root: PathBuf,
}

impl Sandbox {
    /// The folder of a path of the nodes; nothing for one that leads elsewhere.
    pub(super) fn folder(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        let inside = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        let below = path.strip_prefix("/").ok().filter(|_| inside)?;
        Some(self.root.join(below))
    }

    /// Makes a mount point.
    pub(super) fn mount(&self, path: &str) -> std::io::Result<PathBuf> {
        let folder = self.folder(path).ok_or(ErrorKind::InvalidInput)?;
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Writes the files into a folder, which must exist on every node.
    fn write(&self, path: &str, files: &Files) -> Result<(), Reason> {
        let folder = self.folder(path).filter(|folder| folder.is_dir()).ok_or(Reason::WrongFilePath)?;
        for (name, bytes) in files {
            // First beside, as the real one copies a temporary file, so that nobody finds half of one.
            let (file, beside) = (folder.join(name), folder.join(format!(".{name}.part")));
            fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &file)).map_err(|failure| reason(&failure))?;
        }
        Ok(())
    }
}

fn reason(failure: &std::io::Error) -> Reason {
    match failure.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Reason::NoPermission,
        ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::WrongFilePath,
        _ => Reason::GeneralError,
    }
}

/// Puts the files where the location says. What has no store here is only remembered, by the caller.
pub(super) async fn place(
    sandbox: &Sandbox,
    storage: &Storage,
    location: &Location,
    files: &Files,
) -> Result<(), Reason> {
    match location.text("type") {
        "mount_point" => sandbox.write(location.text("path"), files),
        "abs" if location.text("account_name") == storage.account() => {
            let container = location.text("container");
            let (key, sas) = (location.text("account_key"), location.text("sas_token"));
            let judged = storage.judge(container, key, sas);
            judged.map_err(|Refused| Reason::NoPermission)?;
            for (name, bytes) in files {
                let name = below(location.text("subdir"), name);
                match storage.put_into(container, &name, bytes).await {
                    Ok(true) => {}
                    Ok(false) => return Err(Reason::WrongFilePath),
                    Err(_) => return Err(Reason::GeneralError),
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The name below a sub-folder of a bucket or container.
fn below(folder: &str, name: &str) -> String {
    match folder.trim_matches('/') {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_the_sandbox() {
        let root = tempfile::tempdir().unwrap();
        let sandbox = Sandbox { root: root.path().join("nodes") };
        let files = vec![("a.rdb.gz".to_owned(), b"bytes".to_vec())];
        assert_eq!(sandbox.write("/mnt/exports", &files), Err(Reason::WrongFilePath));
        sandbox.mount("/mnt/exports").unwrap();
        assert_eq!(sandbox.write("/mnt/exports/", &files), Ok(()));
        assert_eq!(fs::read(root.path().join("nodes/mnt/exports/a.rdb.gz")).unwrap(), b"bytes");
        assert_eq!(fs::read_dir(root.path().join("nodes/mnt/exports")).unwrap().count(), 1);
        for outside in ["/../elsewhere", "/mnt/../../elsewhere", "mnt/exports"] {
            assert_eq!(sandbox.write(outside, &files), Err(Reason::WrongFilePath), "{outside}");
        }
    }

    #[test]
    fn names_are_put_below_a_sub_folder() {
        for (folder, expected) in [("", "a"), ("d", "d/a"), ("/d/e/", "d/e/a")] {
            assert_eq!(below(folder, "a"), expected);
        }
    }
}
