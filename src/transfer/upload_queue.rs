//! The blocks of all packages of an upload in one row, so that one schedule serves them all. Pure.

use std::sync::Arc;
use std::time::Duration;

use super::progress::rate::TransferFigures;
use super::upload_file::FileUpload;
use crate::base::event::Phase;

/// The blocks of all packages, numbered through in the order in which they are sent.
pub(super) struct UploadQueue<'a> {
    file_uploads: &'a [Arc<FileUpload>],
    /// The number of each package's first block.
    first: Vec<usize>,
    count: usize,
}

impl<'a> UploadQueue<'a> {
    pub(super) fn new(file_uploads: &'a [Arc<FileUpload>]) -> Self {
        let (mut first, mut count) = (Vec::with_capacity(file_uploads.len()), 0);
        for file_upload in file_uploads {
            first.push(count);
            count += file_upload.plan.count();
        }
        Self { file_uploads, first, count }
    }

    /// The package that a block belongs to, and its number there.
    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        let file_upload = self.first.partition_point(|first| *first <= index).saturating_sub(1);
        (file_upload, index - self.first.get(file_upload).copied().unwrap_or_default())
    }

    /// The blocks that are not in the store yet.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.count).filter(|index| {
            let (file_upload, block) = self.place(*index);
            !self.file_uploads[file_upload].staged.contains(&block)
        })
    }

    /// The bytes of a block.
    pub(super) fn length(&self, index: usize) -> u64 {
        let (file_upload, block) = self.place(index);
        self.file_uploads[file_upload].plan.range(block).length
    }

    /// A block as people are told of it.
    pub(super) fn label(&self, index: usize) -> String {
        let (file_upload, block) = self.place(index);
        let FileUpload { plan, name, .. } = self.file_uploads[file_upload].as_ref();
        let block = format!("block {} of {}", block + 1, plan.count());
        if self.file_uploads.len() == 1 { block } else { format!("{block} of '{name}'") }
    }

    /// What is sent, as people are told of it.
    pub(super) fn subject(&self) -> String {
        match self.file_uploads {
            [one] => one.name.clone(),
            all => format!("{} packages", all.len()),
        }
    }

    /// The figures at the start.
    pub(super) fn figures(&self, now: Duration) -> TransferFigures {
        let sum = |bytes: fn(&FileUpload) -> u64| self.file_uploads.iter().map(|file_upload| bytes(file_upload)).sum();
        let staged = self.file_uploads.iter().map(|file_upload| file_upload.staged.len()).sum();
        let total = sum(|file_upload| file_upload.plan.total());
        TransferFigures::new(
            Phase::Uploading,
            &self.subject(),
            total,
            sum(FileUpload::staged_bytes),
            self.count,
            staged,
            now,
        )
    }
}
