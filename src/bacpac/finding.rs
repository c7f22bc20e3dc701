//! What is found wrong with a bacpac: each kind with a code that programs know it by, a sentence, and how bad it is.

use std::mem::discriminant;

use serde::{Serialize, Serializer};

use super::content::Content;
use super::record::method_name;
use crate::base::redaction::{cut, one_line};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// No tool reads it as the database that was exported.
    Error,
    /// Some tools do not read it, or something cannot be told.
    Warning,
}

/// Parts of the archive that share a fault: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Parts {
    /// How many.
    pub count: u64,
    /// The first one's name.
    pub first: String,
}

impl Parts {
    fn words(&self) -> String {
        match self.count {
            1 => format!("'{}'", self.first),
            2 => format!("'{}' and another part", self.first),
            more => format!("'{}' and {} other parts", self.first, more - 1),
        }
    }
}

/// A part's name, as it may be told.
pub(super) fn shown(name: &[u8]) -> String {
    const LONGEST: usize = 120;
    cut(&one_line(&String::from_utf8_lossy(name)), LONGEST, "…")
}

/// Something wrong with a bacpac. The order is that in which findings are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Finding {
    /// It is something else.
    Foreign(Content),
    /// It begins like an archive, and its end is missing.
    Truncated,
    /// Bytes between the beginning and the directory are missing.
    MissingBytes(u64),
    /// Something stands before the archive.
    ForeignHead(u64),
    /// Something stands behind the archive.
    ForeignTail(u64),
    /// The directory of its parts is not what the end record says.
    Directory,
    /// It is one of several volumes.
    Split,
    /// A part, or the directory, is larger than that of any database.
    TooLarge(&'static str),
    /// Where the directory says that a part is, none of this name is.
    NoLocalHeader(Parts),
    /// The data of parts reaches into what follows.
    Overlap(Parts),
    /// A name is there twice.
    DuplicateName(Parts),
    /// Parts are encrypted.
    Encrypted(Parts),
    /// Parts are compressed in a way that no import reads.
    Unsupported {
        /// The number of the method, of the first such part (ZIP, section 4.4.5).
        method: u16,
        /// Which parts.
        parts: Parts,
    },
    /// A part without which it is not read.
    MissingPart(&'static str),
    /// A part does not unpack to what the directory says.
    Damaged {
        /// Its name.
        part: &'static str,
        /// What differs.
        how: &'static str,
    },
    /// The local header of parts contradicts the directory, and their data shows that the directory is wrong.
    DamagedData(Parts),
    /// `Origin.xml` is not the document it should be.
    Origin,
    /// `model.xml` is not the one that `Origin.xml` was written for.
    ModelChecksum,
    /// There is no table data.
    NoData,
    /// `Origin.xml` counts no rows, and there is no table data.
    NoRows,
    /// Local headers and the directory say different things about the same parts.
    LocalHeaders {
        /// Which fields differ.
        fields: Vec<&'static str>,
        /// Which parts.
        parts: Parts,
    },
    /// Parts are compressed in a way that some tools do not read.
    Deflate64(Parts),
    /// A part that every bacpac has, and not every tool needs.
    UnusualPart(&'static str),
    /// `Origin.xml` does not say that there is table data, though there is.
    DataNotDeclared,
    /// `Origin.xml` has no checksum of `model.xml`.
    NoModelChecksum,
    /// Bytes between the parts that belong to none.
    UnlistedBytes(u64),
    /// The archive has a comment.
    Comment(u64),
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::NoRows
            | Self::LocalHeaders { .. }
            | Self::Deflate64(_)
            | Self::UnusualPart(_)
            | Self::DataNotDeclared
            | Self::NoModelChecksum
            | Self::UnlistedBytes(_)
            | Self::Comment(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What programs know it by. Never changed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "foreign",
            Self::Truncated => "truncated",
            Self::MissingBytes(_) => "missingBytes",
            Self::ForeignHead(_) => "foreignHead",
            Self::ForeignTail(_) => "foreignTail",
            Self::Directory => "directory",
            Self::Split => "split",
            Self::TooLarge(_) => "tooLarge",
            Self::NoLocalHeader(_) => "noLocalHeader",
            Self::Overlap(_) => "overlap",
            Self::DuplicateName(_) => "duplicateName",
            Self::Encrypted(_) => "encrypted",
            Self::Unsupported { .. } => "unsupported",
            Self::MissingPart(_) => "missingPart",
            Self::Damaged { .. } => "damaged",
            Self::DamagedData(_) => "damagedData",
            Self::Origin => "origin",
            Self::ModelChecksum => "modelChecksum",
            Self::NoData => "noData",
            Self::NoRows => "noRows",
            Self::LocalHeaders { .. } => "localHeaders",
            Self::Deflate64(_) => "deflate64",
            Self::UnusualPart(_) => "unusualPart",
            Self::DataNotDeclared => "dataNotDeclared",
            Self::NoModelChecksum => "noModelChecksum",
            Self::UnlistedBytes(_) => "unlistedBytes",
            Self::Comment(_) => "comment",
        }
    }

    /// One sentence in lower case, without a full stop; what it is about is "the file".
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Foreign(content) => format!("the file is {}", content.words()),
            Self::Truncated => "the file is truncated or corrupt: the end of the archive is missing".to_owned(),
            Self::MissingBytes(count) => format!("{count} bytes are missing before the central directory"),
            Self::ForeignHead(count) => format!("{count} unrelated bytes precede the archive"),
            Self::ForeignTail(count) => format!("{count} unrelated bytes follow the archive"),
            Self::Directory => "the central directory is corrupt".to_owned(),
            Self::Split => "it is one volume of a multi-volume archive".to_owned(),
            Self::TooLarge(what) => format!("{what} is larger than in any database export"),
            Self::NoLocalHeader(parts) => format!("{} is not where the central directory says", parts.words()),
            Self::Overlap(parts) => format!("{} overlaps the next part", parts.words()),
            Self::DuplicateName(parts) => format!("{} occurs twice", parts.words()),
            Self::Encrypted(parts) => format!("{} is encrypted", parts.words()),
            Self::Unsupported { method, parts } => {
                format!("{} is compressed with {}, which imports do not support", parts.words(), method_name(*method))
            }
            Self::MissingPart(name) => format!("{name} is missing"),
            Self::Damaged { part, how } => format!("{part} is corrupt: {how}"),
            Self::DamagedData(parts) => {
                let words = parts.words();
                format!("{words} is corrupt: its data does not match the size and CRC-32 in the central directory")
            }
            Self::Origin => "Origin.xml is not valid XML".to_owned(),
            Self::ModelChecksum => {
                "model.xml is corrupt or was modified: its SHA-256 does not match Origin.xml".to_owned()
            }
            Self::NoData => "it contains no table data".to_owned(),
            Self::NoRows => "it contains no table data, and Origin.xml reports no rows".to_owned(),
            Self::LocalHeaders { fields, parts } => format!(
                "the local header of {} differs from the central directory ({}): tools that use the central directory, \
                 such as SqlPackage on .NET, can read the file, but those on the .NET Framework (SSMS, the import of the \
                 portal) may report \"File contains corrupted data\"",
                parts.words(),
                fields.join(", ")
            ),
            Self::Deflate64(parts) => {
                format!("{} is compressed with Deflate64, which many tools do not support", parts.words())
            }
            Self::UnusualPart(name) => format!("{name}, which every export has, is missing"),
            Self::DataNotDeclared => "Origin.xml does not declare that the file contains table data".to_owned(),
            Self::NoModelChecksum => {
                "Origin.xml has no checksum of model.xml, so model.xml was not verified".to_owned()
            }
            Self::UnlistedBytes(count) => format!("{count} bytes between the parts belong to no part"),
            Self::Comment(count) => format!("the archive has a comment of {count} bytes, which exports do not have"),
        }
    }
}

/// As it stands in receipts.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told {
            code: &'static str,
            text: String,
        }
        Told { code: self.code(), text: self.sentence() }.serialize(serializer)
    }
}

/// All that was found, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report(Vec<Finding>);

impl Report {
    /// Everything.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(move |finding| finding.severity() == severity)
    }

    /// What makes it no whole bacpac.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Error)
    }

    /// What is worth knowing before it is imported.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Warning)
    }
}

/// Collects findings; those of a kind that concerns many parts become one.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Counts a part to the finding of this kind, which the first such part makes, and gives that finding. Of the parts
    /// after it, of which an archive may have hundreds of thousands, nothing is kept or worded.
    pub(super) fn count(&mut self, make: impl Fn(Parts) -> Finding, name: &[u8]) -> &mut Finding {
        let kind = discriminant(&make(Parts::default()));
        let at = self.0.iter().position(|known| discriminant(known) == kind).unwrap_or_else(|| {
            self.0.push(make(Parts { count: 0, first: shown(name) }));
            self.0.len() - 1
        });
        let finding = &mut self.0[at];
        if let Some(parts) = finding.parts_mut() {
            parts.count += 1;
        }
        finding
    }

    /// Counts a part whose headers differ in these fields.
    pub(super) fn count_differing(&mut self, differing: &[&'static str], name: &[u8]) {
        let finding = self.count(|parts| Finding::LocalHeaders { fields: Vec::new(), parts }, name);
        if let Finding::LocalHeaders { fields, .. } = finding {
            for field in differing {
                if !fields.contains(field) {
                    fields.push(field);
                }
            }
        }
    }

    pub(super) fn into_report(mut self) -> Report {
        self.0.sort();
        Report(self.0)
    }
}

impl Finding {
    fn parts_mut(&mut self) -> Option<&mut Parts> {
        match self {
            Self::NoLocalHeader(parts)
            | Self::Overlap(parts)
            | Self::DuplicateName(parts)
            | Self::Encrypted(parts)
            | Self::Deflate64(parts)
            | Self::Unsupported { parts, .. }
            | Self::DamagedData(parts)
            | Self::LocalHeaders { parts, .. } => Some(parts),
            _ => None,
        }
    }
}
