//! The file that is sent: checked before any network call, read at places, watched for changes.
//!
//! No block is ever held in memory: a block is read once for its checksum and once more into the request's body
//! (transfer design, section 2.2); both reads meet the page cache.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::PIECE;
use super::integrity::{Mode, Summing};
use super::plan::Piece;
use super::position::read_exact_at;
use super::stall::Pulse;
use crate::base::error::{Error, Kind, Result};
use crate::blob::ByteStream;
use crate::blob::block::Checksum;

/// Bytes handed to the connection at a time: half a checksum piece, because up to 64 streams hold two of them each.
const BODY_PIECE: usize = PIECE / 2;

/// An open source file. Cheap to clone.
#[derive(Clone)]
pub(super) struct Source {
    file: Arc<File>,
    shown: Arc<str>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// Opens a file that can be sent.
    ///
    /// # Errors
    /// One sentence that names the file and what is wrong with it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let reading = |error: &std::io::Error| Error::io(format!("cannot read '{shown}'"), error);
        // Looked at before it is opened: opening a pipe would wait for its other end.
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(Kind::NotFound, format!("the file '{shown}' does not exist")),
            _ => reading(&error),
        })?;
        check_kind(&metadata, &shown)?;
        let file = File::open(path).map_err(|error| reading(&error))?;
        let metadata = file.metadata().map_err(|error| reading(&error))?;
        check_kind(&metadata, &shown)?;
        if metadata.len() == 0 {
            return Err(Error::new(Kind::InvalidArgument, format!("the file '{shown}' is empty")));
        }
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        Ok(Self { file: Arc::new(file), shown: shown.into(), length, modified })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// An error if size or time of modification differ from those at the start.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        let metadata =
            self.file.metadata().map_err(|error| Error::io(format!("cannot read '{}'", self.shown), &error))?;
        if metadata.len() == self.length && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(self.changed())
    }

    /// The error of a file that is no longer the one the upload began with.
    pub(super) fn changed(&self) -> Error {
        Error::new(Kind::Integrity, format!("source file changed while uploading: '{}'", self.shown))
            .with_next_step("wait until the file is complete, then upload it again")
    }

    /// Reads a whole buffer. Blocks.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.changed(),
            _ => Error::io(format!("cannot read '{}'", self.shown), &error),
        })
    }

    /// The checksum of one block. Blocks.
    pub(super) fn checksum(&self, piece: Piece, mode: Mode, pulse: &Pulse) -> Result<Checksum> {
        let mut summing = Summing::new(mode);
        let mut buffer = vec![0; PIECE.min(usize::try_from(piece.length).unwrap_or(PIECE))];
        for (offset, length) in pieces(piece, PIECE) {
            let buffer = &mut buffer[..length];
            self.read(buffer, offset)?;
            summing.update(buffer);
            pulse.beat();
        }
        Ok(summing.finish())
    }

    /// The bytes of one block as a request's body. Each piece that is taken counts as movement.
    pub(super) fn body(&self, piece: Piece, pulse: &Pulse) -> ByteStream {
        let (source, pulse) = (self.clone(), pulse.clone());
        let pieces = pieces(piece, BODY_PIECE);
        Box::pin(futures_util::stream::unfold((pieces, source, pulse), |(mut pieces, source, pulse)| async move {
            let (offset, length) = pieces.next()?;
            pulse.beat();
            let reader = source.clone();
            let read = tokio::task::spawn_blocking(move || {
                let mut buffer = vec![0; length];
                reader.read(&mut buffer, offset).map(|()| Bytes::from(buffer))
            });
            let bytes = match read.await {
                Ok(Ok(bytes)) => Ok(bytes),
                Ok(Err(error)) => Err(std::io::Error::other(error)),
                Err(error) => Err(std::io::Error::other(error)),
            };
            Some((bytes, (pieces, source, pulse)))
        }))
    }
}

fn check_kind(metadata: &Metadata, shown: &str) -> Result<()> {
    let wrong = |what: &str| Err(Error::new(Kind::InvalidArgument, format!("'{shown}' is {what}")));
    if metadata.is_dir() {
        return wrong("a directory, not a file");
    }
    if !metadata.is_file() {
        return wrong("not a regular file");
    }
    Ok(())
}

/// A stretch in pieces of at most `most` bytes: offset and length of each.
fn pieces(piece: Piece, most: usize) -> impl Iterator<Item = (u64, usize)> + Send + 'static {
    let end = piece.offset + piece.length;
    (piece.offset..end)
        .step_by(most)
        .map(move |offset| (offset, usize::try_from(end - offset).map_or(most, |left| left.min(most))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_block() {
        let piece = Piece { offset: 10, length: 2 * PIECE as u64 + 1 };
        let found: Vec<_> = pieces(piece, PIECE).collect();
        let second = 10 + PIECE as u64;
        assert_eq!(found, [(10, PIECE), (second, PIECE), (second + PIECE as u64, 1)]);
        assert_eq!(pieces(Piece { offset: 5, length: 3 }, PIECE).collect::<Vec<_>>(), [(5, 3)]);
    }

    #[test]
    fn what_cannot_be_sent_is_named() {
        let folder = std::env::temp_dir();
        let error = Source::open(&folder).err().unwrap();
        assert!(error.to_string().ends_with("is a directory, not a file"), "{error}");
        let error = Source::open(&folder.join("epicloud-no-such-file")).err().unwrap();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().ends_with("does not exist"), "{error}");
        #[cfg(unix)]
        assert!(Source::open(Path::new("/dev/null")).err().unwrap().to_string().ends_with("is not a regular file"));
    }
}
