//! The bytes of a committed blob, wherever they are, read in any range without being held.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::spool::Extent;
use crate::bacpac::Layout;

/// Bytes read and sent at once.
const PIECE: u64 = 256 << 10;

/// The bytes of a blob.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Blocks in files, in order.
    Files(Arc<[Extent]>),
    /// An exported database, made on the fly.
    Bacpac(Arc<Layout>),
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Files(extents) => extents.iter().map(|extent| extent.length).sum(),
            Self::Bacpac(layout) => layout.length(),
        }
    }

    /// Sends the part piece by piece; ends when the receiver is dropped. A thread is busy with it only while a piece is
    /// read: a client that takes nothing holds none.
    pub(crate) fn pump(self, from: u64, length: u64) -> mpsc::Receiver<io::Result<Bytes>> {
        let (pieces, receiver) = mpsc::channel(2);
        tokio::spawn(async move {
            let mut reader = Reader::new(self);
            let mut at = from;
            while at < from + length {
                let range = at..(at + PIECE).min(from + length);
                let read = tokio::task::spawn_blocking(move || {
                    let piece = reader.read(range);
                    (reader, piece)
                });
                let piece;
                match read.await {
                    Ok(read) => (reader, piece) = read,
                    Err(failure) => {
                        // Whoever does not take it is gone.
                        let _ = pieces.send(Err(io::Error::other(failure))).await;
                        return;
                    }
                }
                at += piece.as_ref().map_or(length, |piece| piece.len() as u64);
                if pieces.send(piece).await.is_err() {
                    return;
                }
            }
        });
        receiver
    }

    /// Reads a part at once; for tests and small blobs.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        Reader::new(self.clone()).read(range)
    }
}

/// Reads one part after another, keeping the file open in between.
pub(crate) struct Reader {
    content: Content,
    open: Option<(usize, File)>,
}

impl Reader {
    pub(crate) fn new(content: Content) -> Self {
        Self { content, open: None }
    }

    pub(crate) fn read(&mut self, range: Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        match self.content.clone() {
            Content::Bacpac(layout) => layout.fill(range.start, &mut bytes),
            Content::Files(extents) => self.fill(&extents, range.start, &mut bytes)?,
        }
        Ok(bytes.into())
    }

    fn fill(&mut self, extents: &[Extent], from: u64, mut into: &mut [u8]) -> io::Result<()> {
        let mut start = 0;
        for (index, extent) in extents.iter().enumerate() {
            let end = start + extent.length;
            let at = from.max(start);
            if at < end && !into.is_empty() {
                let count = usize::try_from(end - at).map_or(into.len(), |count| count.min(into.len()));
                let (now, rest) = into.split_at_mut(count);
                let file = self.file(index, extent)?;
                file.seek(SeekFrom::Start(at - start))?;
                file.read_exact(now)?;
                into = rest;
                if into.is_empty() {
                    return Ok(());
                }
                return self.fill_from(extents, index + 1, into);
            }
            start = end;
        }
        if into.is_empty() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn fill_from(&mut self, extents: &[Extent], first: usize, mut into: &mut [u8]) -> io::Result<()> {
        for (index, extent) in extents.iter().enumerate().skip(first) {
            let count = usize::try_from(extent.length).map_or(into.len(), |count| count.min(into.len()));
            let (now, rest) = into.split_at_mut(count);
            self.file(index, extent)?.read_exact(now)?;
            into = rest;
            if into.is_empty() {
                return Ok(());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn file(&mut self, index: usize, extent: &Extent) -> io::Result<&mut File> {
        let open = match self.open.take() {
            Some((known, file)) if known == index => (index, file),
            _ => (index, File::open(extent.spool.path())?),
        };
        Ok(&mut self.open.insert(open).1)
    }
}
