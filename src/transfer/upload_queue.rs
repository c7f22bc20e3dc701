//! The blocks of all packages of an upload in one row, so that one schedule serves them all. Pure.

use std::sync::Arc;
use std::time::Duration;

use super::progress::rate::Pace;
use super::upload_file::Package;
use crate::base::event::Phase;

/// The blocks of all packages, numbered through in the order in which they are sent.
pub(super) struct Order<'a> {
    packages: &'a [Arc<Package>],
    /// The number of each package's first block.
    first: Vec<usize>,
    count: usize,
}

impl<'a> Order<'a> {
    pub(super) fn new(packages: &'a [Arc<Package>]) -> Self {
        let (mut first, mut count) = (Vec::with_capacity(packages.len()), 0);
        for package in packages {
            first.push(count);
            count += package.plan.count();
        }
        Self { packages, first, count }
    }

    /// The package that a block belongs to, and its number there.
    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        let package = self.first.partition_point(|first| *first <= index).saturating_sub(1);
        (package, index - self.first.get(package).copied().unwrap_or_default())
    }

    /// The blocks that are not in the store yet.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.count).filter(|index| {
            let (package, block) = self.place(*index);
            !self.packages[package].staged.contains(&block)
        })
    }

    /// The bytes of a block.
    pub(super) fn length(&self, index: usize) -> u64 {
        let (package, block) = self.place(index);
        self.packages[package].plan.piece(block).length
    }

    /// A block as people are told of it.
    pub(super) fn label(&self, index: usize) -> String {
        let (package, block) = self.place(index);
        let Package { plan, name, .. } = self.packages[package].as_ref();
        let block = format!("block {} of {}", block + 1, plan.count());
        if self.packages.len() == 1 { block } else { format!("{block} of '{name}'") }
    }

    /// What is sent, as people are told of it.
    pub(super) fn subject(&self) -> String {
        match self.packages {
            [one] => one.name.clone(),
            all => format!("{} packages", all.len()),
        }
    }

    /// The figures at the start.
    pub(super) fn pace(&self, now: Duration) -> Pace {
        let sum = |bytes: fn(&Package) -> u64| self.packages.iter().map(|package| bytes(package)).sum();
        let staged = self.packages.iter().map(|package| package.staged.len()).sum();
        let total = sum(|package| package.plan.total());
        Pace::new(Phase::Uploading, &self.subject(), total, sum(Package::staged_bytes), self.count, staged, now)
    }
}
