//! Where a downloaded file is to be: whether it may be there, and the name that it gets at the end.
//!
//! The final name appears only by a rename of a complete, checked and synced file, so a partial file never looks
//! whole. A symbolic link in its place is followed to where it leads, as by any program that writes a file.

#[cfg(unix)]
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};

/// Links one behind the other that are followed, as many as systems do.
const MOST_LINKS: usize = 40;

/// The paths of one download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetPaths {
    target: PathBuf,
    pub(crate) partial: PathBuf,
    pub(crate) journal: PathBuf,
    overwrite: bool,
}

fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl TargetPaths {
    /// Checks that the target can be written.
    ///
    /// # Errors
    /// `Conflict` when it exists and may not be replaced, `InvalidArgument` or `NotFound` when its place is wrong.
    pub(crate) fn check(target: &Path, overwrite: bool) -> Result<Self> {
        check_named(target)?;
        let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|there| there.is_symlink());
        if is_link(target) && !overwrite {
            return Err(exists(target));
        }
        let (given, target) = (target, if is_link(target) { followed(target)? } else { target.to_owned() });
        check_named(&target)?;
        let shown = given.display();
        // A device or a pipe would be replaced by the file, whatever the caller permits.
        match given.metadata() {
            Ok(there) if there.is_dir() => {
                return Err(Error::new(Kind::InvalidArgument, format!("'{shown}' is a directory, not a file")));
            }
            // Links of the system's own may lead to a file that has no name.
            Ok(there) if !there.is_file() || target.symlink_metadata().is_err() => {
                return Err(Error::new(Kind::InvalidArgument, format!("'{shown}' is not a regular file"))
                    .with_next_step("use a regular file, so that the download can be resumed"));
            }
            _ => {}
        }
        let folder = folder_of(&target);
        if !folder.is_dir() {
            return Err(Error::new(Kind::NotFound, format!("the directory '{}' does not exist", folder.display()))
                .with_next_step("create the directory first"));
        }
        let (partial, journal) = (beside(&target, ".partial"), beside(&target, ".partial.journal"));
        let paths = Self { target, partial, journal, overwrite };
        paths.check_free()?;
        Ok(paths)
    }

    /// Checks again that the target may be written.
    ///
    /// # Errors
    /// `Conflict` when it exists and may not be replaced.
    pub(crate) fn check_free(&self) -> Result<()> {
        if self.overwrite || self.target.symlink_metadata().is_err() { Ok(()) } else { Err(exists(&self.target)) }
    }

    /// The file that will be replaced, if there is one.
    #[cfg(unix)]
    pub(crate) fn replaced(&self) -> Option<Metadata> {
        self.target.symlink_metadata().ok().filter(Metadata::is_file)
    }

    /// Whether the partial file is the target as well, by a link.
    pub(crate) fn has_its_name(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let file = |path: &Path| {
                let there: Metadata = path.symlink_metadata().ok().filter(Metadata::is_file)?;
                Some((there.dev(), there.ino()))
            };
            file(&self.partial).is_some_and(|partial| file(&self.target) == Some(partial))
        }
        #[cfg(not(unix))]
        false
    }

    /// Gives the partial file its name, which must be free unless it may be replaced. A rename replaces what has come to
    /// stand at the target meanwhile; one that does not, or else a link, is not known to every file system. Blocks.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, and what the system says of it.
    pub(crate) fn take_name(&self) -> Result<()> {
        self.rename().map_err(|error| Error::io(format!("cannot write '{}'", self.target.display()), &error))?;
        sync_folder(&self.target);
        Ok(())
    }

    fn rename(&self) -> std::io::Result<()> {
        let Self { target, partial, overwrite, .. } = self;
        if !*overwrite {
            match rename_to_free(partial, target) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {}
                ended => return ended,
            }
            match std::fs::hard_link(partial, target) {
                Ok(()) => return std::fs::remove_file(partial),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                Err(_) if target.symlink_metadata().is_ok() => return Err(ErrorKind::AlreadyExists.into()),
                Err(_) => {}
            }
        }
        std::fs::rename(partial, target)
    }
}

fn exists(target: &Path) -> Error {
    Error::new(Kind::Conflict, format!("'{}' already exists", target.display()))
        .with_next_step(NextStep::text("choose another name, or replace the file with ").setting(Setting::Overwrite))
}

/// A path that ends in a separator or in "/." names a folder, and is not seen as such by `file_name`.
fn check_named(target: &Path) -> Result<()> {
    let ends_in = |name: &std::ffi::OsStr| target.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes());
    if target.file_name().is_some_and(ends_in) {
        return Ok(());
    }
    Err(Error::invalid("outputFile", format!("'{}' is not the name of a file", target.display())))
}

/// Where a symbolic link leads, over all links on the way. Nothing need be there yet.
fn followed(link: &Path) -> Result<PathBuf> {
    let mut path = link.to_owned();
    for _ in 0..MOST_LINKS {
        match path.symlink_metadata() {
            Ok(there) if there.is_symlink() => {}
            _ => return Ok(path),
        }
        let next = path
            .read_link()
            .map_err(|error| Error::io(format!("cannot read the symbolic link '{}'", path.display()), &error))?;
        path = folder_of(&path).join(next);
    }
    Err(Error::new(Kind::InvalidArgument, format!("'{}' is a broken symbolic link", link.display()))
        .with_next_step("remove the link, or choose another name"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Renames a file; an error when the other name is taken, or when the system cannot look and rename at once.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_to_free(from: &Path, to: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_to_free(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Makes a rename last. Not every file system allows it for a folder, and the file's data is safe without it.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        drop(File::open(folder).and_then(|folder| folder.sync_all()));
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["new/", "new/.", ".."] {
            let error = TargetPaths::check(&folder.path().join(name), true).unwrap_err();
            assert!(error.to_string().contains("is not the name of a file"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_to_where_it_leads_if_that_can_be_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["there", "linked"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        std::fs::write(path("there/db"), b"mine").unwrap();
        let links = [
            ("relative", "there/db", Ok("there/db")),
            ("chain", "relative", Ok("there/db")),
            ("linked/up", "../chain", Ok("there/db")),
            ("dangling", "there/new", Ok("there/new")),
            ("lost", "nowhere/new", Err(Kind::NotFound)),
            ("folder", "there", Err(Kind::InvalidArgument)),
            ("circle", "circle", Err(Kind::InvalidArgument)),
            ("device", "/dev/null", Err(Kind::InvalidArgument)),
        ];
        for (link, to, leads) in links {
            symlink(to, path(link)).unwrap();
            let found = TargetPaths::check(&path(link), true).map_err(|error| error.kind());
            let target = found.map(|paths| {
                paths.target.parent().unwrap().canonicalize().unwrap().join(paths.target.file_name().unwrap())
            });
            assert_eq!(
                target,
                leads.map(|leads| path(leads.split('/').next().unwrap())
                    .canonicalize()
                    .unwrap()
                    .join(leads.split('/').nth(1).unwrap())),
                "{link}"
            );
            assert_eq!(
                TargetPaths::check(&path(link), false).unwrap_err().kind(),
                Kind::Conflict,
                "{link} without leave"
            );
        }
    }
}
