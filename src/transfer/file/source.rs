//! The file that is sent: checked before any network call, read at places, watched for changes.
//!
//! No block is ever held in memory: a block is read once for its checksum and once more into the request's body
//! (transfer design, section 2.2). The second reading meets what the first has brought into memory, and then it needs no
//! thread that may wait.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::buffers::{BufferPool, Permits, PooledBuffer};
use super::positioned_io::{read_exact_at, read_resident_at};
use crate::base::error::{Error, Kind, Result};
use crate::base::readable::Readable;
use crate::blob::ByteStream;
use crate::transfer::checksum::integrity::{ChecksumKind, RangeDigests, RangeHasher};
use crate::transfer::schedule::plan::{ByteRange, chunks};

/// Pieces of one body that may be on their way to its connection at a time. The connection would take hundreds of KiB
/// before it sends the first; by then they have left the processor's cache, and every byte is fetched once more. So few
/// made uploads a fifth faster.
const ON_THEIR_WAY: usize = 2;

/// An open source file. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Source {
    file: Arc<File>,
    path: Arc<Path>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// Opens a file that can be sent.
    ///
    /// # Errors
    /// One sentence that names the file and what is wrong with it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let reading = |error: &std::io::Error| Error::io(format!("cannot read '{shown}'"), error);
        if path == Path::new("-") {
            return Err(Error::new(
                Kind::InvalidArgument,
                "standard input cannot be uploaded, because its size is not known in advance",
            )
            .with_next_step("save it to a file first (for a file named '-', use './-')"));
        }
        // Looked at before it is opened: opening a pipe would wait for its other end.
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(Kind::NotFound, format!("the file '{shown}' does not exist"))
                .with_next_step("check the path"),
            _ => reading(&error),
        })?;
        check_kind(&metadata, path)?;
        let file = File::open(path).map_err(|error| reading(&error))?;
        let metadata = file.metadata().map_err(|error| reading(&error))?;
        check_kind(&metadata, path)?;
        if metadata.len() == 0 {
            return Err(Error::new(Kind::InvalidArgument, format!("the file '{shown}' is empty")));
        }
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        Ok(Self { file: Arc::new(file), path: path.into(), length, modified })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The file's whole path, and its time of modification in nanoseconds since 1970: by these it is known again.
    pub(crate) fn identity(&self) -> Option<(PathBuf, u64)> {
        let since = self.modified?.duration_since(UNIX_EPOCH).ok()?;
        Some((self.path.canonicalize().ok()?, u64::try_from(since.as_nanos()).ok()?))
    }

    /// An error if size or time of modification differ from those at the start.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata = self.file.metadata().map_err(|error| self.unreadable(&error))?;
        if metadata.len() == self.length && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(self.changed())
    }

    /// The error of a file that is no longer the one the upload began with.
    pub(crate) fn changed(&self) -> Error {
        Error::new(Kind::Integrity, format!("'{}' changed during the upload", self.path.display()))
            .with_next_step("wait until the file is complete, then upload it again")
    }

    fn unreadable(&self, error: &std::io::Error) -> Error {
        Error::io(format!("cannot read '{}'", self.path.display()), error)
    }

    /// The sums of one block. Blocks; tells of each piece that was read.
    pub(crate) fn digests(
        &self,
        range: ByteRange,
        mode: ChecksumKind,
        buffers: &BufferPool,
        read: impl Fn(),
    ) -> Result<RangeDigests> {
        // A file that is written meanwhile is noticed at its next block, not after hours.
        self.check_unchanged()?;
        let mut hasher = RangeHasher::new(mode);
        for (offset, length) in chunks(range) {
            let mut buffer = buffers.take(length);
            self.read_at(buffer.bytes_mut(), offset)?;
            hasher.update(buffer.as_ref());
            read();
        }
        Ok(hasher.finish())
    }

    /// The bytes of one block as a request's body. Tells of each piece that is taken, with its length, and whether it
    /// is the last one.
    pub(crate) fn body(
        &self,
        range: ByteRange,
        buffers: &BufferPool,
        taken: impl Fn(u64, bool) + Send + 'static,
    ) -> ByteStream {
        let (source, buffers, permits) = (self.clone(), buffers.clone(), Permits::new(ON_THEIR_WAY));
        let chunks = chunks(range).peekable();
        let state = (chunks, source, buffers, permits, taken);
        Box::pin(futures_util::stream::unfold(state, |(mut chunks, source, buffers, permits, taken)| async move {
            let (offset, length) = chunks.next()?;
            let buffer = buffers.take_with(permits.next().await, length);
            let bytes = source.fill(buffer, offset).await;
            taken(length as u64, chunks.peek().is_none());
            Some((bytes.map_err(std::io::Error::other), (chunks, source, buffers, permits, taken)))
        }))
    }

    async fn fill(&self, mut buffer: PooledBuffer, offset: u64) -> Result<Bytes> {
        if read_resident_at(&self.file, buffer.bytes_mut(), offset) {
            return Ok(buffer.into_bytes());
        }
        let source = self.clone();
        super::file_tasks::run_file_task(move || {
            source.read_at(buffer.bytes_mut(), offset).map(|()| buffer.into_bytes())
        })
        .await
    }
}

impl Readable for Source {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.changed(),
            _ => self.unreadable(&error),
        })
    }
}

fn check_kind(metadata: &Metadata, path: &Path) -> Result<()> {
    let wrong = |what: &str| Error::new(Kind::InvalidArgument, format!("'{}' is {what}", path.display()));
    if metadata.is_dir() {
        return Err(wrong("a directory, not a file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type()) {
        return Err(wrong(
            "a pipe, which cannot be uploaded: its size is not known in advance, and a failed block could not be sent again",
        )
        .with_next_step("save it to a file first"));
    }
    if !metadata.is_file() {
        return Err(wrong("not a regular file"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_named() {
        let folder = std::env::temp_dir();
        let error = Source::open(&folder).err().unwrap();
        assert!(error.to_string().ends_with("is a directory, not a file"), "{error}");
        let error = Source::open(&folder.join("epicloud-no-such-file")).err().unwrap();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().ends_with("does not exist"), "{error}");
        let error = Source::open(Path::new("-")).err().unwrap();
        assert!(error.to_string().starts_with("standard input cannot be uploaded"), "{error}");
        #[cfg(unix)]
        assert!(Source::open(Path::new("/dev/null")).err().unwrap().to_string().ends_with("is not a regular file"));
    }
}
