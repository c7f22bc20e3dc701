//! The files that are sent, made once for each size and content, and the folder for those that are received.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scenario::Content;
use crate::failure::{Doing, Result};
use crate::process;
use crate::workspace::{fresh, make_folder};

/// Memory as a folder, on Linux. What is received goes there unless the disk is to be measured too, for which one
/// candidate waits at its end while another does not.
const MEMORY: &str = "/dev/shm";
const PIECE: usize = 1 << 20;

/// The folder of everything that a bench makes or fetches.
pub(crate) fn folder(target: &Path) -> PathBuf {
    target.join("bench")
}

/// The files of one bench. They are removed with this value: gigabytes that nobody wants to find later.
pub(crate) struct Files {
    folder: PathBuf,
    received: PathBuf,
    made: HashMap<(u64, Content), PathBuf>,
}

impl Files {
    /// With an empty folder for what is sent.
    pub(crate) fn new(folder: PathBuf) -> Result<Self> {
        fresh(&folder)?;
        let memory = Path::new(MEMORY).join(format!("epicloud-bench-{}", std::process::id()));
        let received = if make_folder(&memory).is_ok() { memory } else { folder.clone() };
        println!("files to send: {}; files received: {}", described(&folder), described(&received));
        Ok(Self { folder, received, made: HashMap::new() })
    }

    /// A file to send.
    pub(crate) fn sent(&mut self, bytes: u64, content: Content) -> Result<&Path> {
        let file = self.folder.join(format!("{content:?}-{bytes}").to_lowercase());
        if !file.exists() {
            let doing = format!("cannot make {}", file.display());
            match content {
                Content::Sparse => File::create(&file).and_then(|file| file.set_len(bytes)).doing(doing)?,
                Content::Random => fill(&file, bytes).doing(doing)?,
            }
        }
        Ok(self.made.entry((bytes, content)).or_insert(file))
    }

    /// A folder for what programs keep; it goes with the files.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The place for a file that is received, in memory if possible or on the disk; nothing is there.
    pub(crate) fn received(&self, to_disk: bool) -> Result<PathBuf> {
        let file = if to_disk { &self.folder } else { &self.received }.join("received");
        if file.exists() {
            fs::remove_file(&file).doing(format!("cannot remove {}", file.display()))?;
        }
        if to_disk {
            written()?;
        }
        Ok(file)
    }

    /// Removes what was sent last, before the next scenario makes more.
    pub(crate) fn forget(&mut self) {
        for (_, file) in self.made.drain() {
            let _ = fs::remove_file(file);
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // One that is gone already is fine.
        let _ = fs::remove_dir_all(&self.received);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Brings onto the disk whatever is left unwritten, so that it does not burden what is measured next.
pub(crate) fn written() -> Result<()> {
    process::run(&mut Command::new("sync"))
}

/// Writes what no compression makes smaller, the same each time.
fn fill(file: &Path, bytes: u64) -> std::io::Result<()> {
    let (mut file, mut left, mut state) = (File::create(file)?, bytes, 0x9e37_79b9_7f4a_7c15_u64);
    let mut piece = vec![0; PIECE];
    while left > 0 {
        for word in piece.chunks_exact_mut(8) {
            // Marsaglia's xorshift: no secret depends on it.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let length = left.min(PIECE as u64);
        file.write_all(&piece[..length as usize])?;
        left -= length;
    }
    // Otherwise it would be written to the disk while the first runs are measured.
    file.sync_all()
}

/// A folder, and what it is on where the machine tells.
fn described(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    match file_system(&mounts, folder) {
        Some(kind) => format!("{} ({kind})", folder.display()),
        None => folder.display().to_string(),
    }
}

/// The kind of the innermost mount that a path is in.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let rows = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let around = rows.filter(|(place, _)| path.starts_with(place));
    around.max_by_key(|(place, _)| place.components().count()).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_on_its_innermost_mount() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\nudev /dev devtmpfs rw 0 0\n";
        let cases = [("/home/me", Some("ext4")), ("/dev/shm/x", Some("tmpfs")), ("/dev/shmem", Some("devtmpfs"))];
        for (path, expected) in cases {
            assert_eq!(file_system(mounts, Path::new(path)), expected, "{path}");
        }
        assert_eq!(file_system("", Path::new("/")), None);
    }
}
