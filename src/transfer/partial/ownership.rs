//! Whose a file is that stands where a download keeps its own, and what a new file would be like there.
//!
//! A name that ends in `.partial` is nobody's alone: browsers and other tools use it. What this program has not made is
//! not truncated, not removed and not given another mode.

use std::fs::{Metadata, OpenOptions};
use std::path::Path;

/// Names that are tried for a file that is made to be looked at. One that was left by a kill is in nobody's way.
const NAMES: [&str; 3] = [".new", ".new1", ".new2"];

/// Why what is there cannot be a file that this program made, by what it is and without opening it.
pub(crate) fn not_ours(path: &Path, there: &Metadata) -> Option<&'static str> {
    if there.is_symlink() {
        return Some("it is a symbolic link");
    }
    if there.is_dir() {
        return Some("it is a directory");
    }
    if !there.is_file() {
        return Some("it is not a regular file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if there.nlink() > 1 {
            return Some("it has a second hard link");
        }
        // By a new file and not by the user's number: some file systems give all files another owner.
        if new_file(path).is_some_and(|new| new.uid() != there.uid()) {
            return Some("it belongs to another user");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    None
}

/// What the system makes of a new file beside this one: owner and mode follow from user, umask, folder and file system,
/// and asking for the umask alone would change it for all threads. `None` where none can be made.
pub(crate) fn new_file(beside: &Path) -> Option<Metadata> {
    NAMES.iter().find_map(|suffix| {
        let mut path = beside.as_os_str().to_owned();
        path.push(suffix);
        let file = OpenOptions::new().write(true).create_new(true).open(&path).ok()?;
        let made = file.metadata();
        // It was made to be looked at; it holds nothing.
        drop(std::fs::remove_file(&path));
        made.ok()
    })
}
