//! Level 1: what is inside an exported database, and whether it is whole.
//!
//! A bacpac is a ZIP archive with a description of the database (`model.xml`), a note about the export (`Origin.xml`) and
//! table data. [`check`] looks at its structure in milliseconds: it reads the directory (`directory.rs`), compares every
//! local header with it (`local_headers.rs`), and unpacks the two documents (`unpack.rs`, `origin.rs`). It reads table data only
//! where two headers contradict each other about it, so a flipped byte elsewhere goes unnoticed. `record.rs` knows the records of an archive, `content.rs` names what came in
//! place of one, `finding.rs` says what is wrong. Nothing here opens a file or knows where it comes from: it works on
//! whatever is [`Readable`]. It may use `base`.

mod content;
mod directory;
mod finding;
mod local_headers;
mod origin;
mod record;
mod unpack;

use sha2::{Digest, Sha256};

use crate::base::cancel::CancelToken;
use crate::base::error::Result;
use crate::base::readable::Readable;

pub use content::Content;
pub use finding::{Finding, Parts, Report, Severity};

use directory::{Directory, Entry};
use finding::Findings;
use origin::Origin;

const MODEL: &str = "model.xml";
const ORIGIN: &str = "Origin.xml";
const CONTENT_TYPES: &str = "[Content_Types].xml";

/// Every export has them. Importing tools are known to need those above.
const USUAL: &[&str] = &["DacMetadata.xml", "_rels/.rels"];

/// `Origin.xml` has a few KB. It is held in memory.
const LARGEST_ORIGIN: u64 = 4 << 20;

/// The model of a large database has some hundred MB. It is read as a stream, and this bounds the time.
const LARGEST_MODEL: u64 = 4 << 30;

/// Checks the structure of a bacpac without reading its table data. Blocks; what is cancelled ends soon.
///
/// # Errors
/// What reading the file gave; `Cancelled`. Whatever is wrong with the content is in the report.
pub fn check(file: &dyn Readable, cancel: &CancelToken) -> Result<Report> {
    let mut findings = Findings::default();
    if let Some(directory) = Directory::read(file, &mut findings)? {
        let check = Check { file, directory: &directory, cancel };
        if check.is_database(&mut findings) {
            check.names_and_methods(&mut findings);
            local_headers::check(file, &directory, cancel, &mut findings)?;
            check.documents(&mut findings)?;
        }
    }
    Ok(findings.into_report())
}

struct Check<'a> {
    file: &'a dyn Readable,
    directory: &'a Directory,
    cancel: &'a CancelToken,
}

impl Check<'_> {
    /// The part of this name. Names of parts do not differ by their case alone (OPC, section 6.2.2.3).
    fn part(&self, name: &str) -> Option<&Entry> {
        self.directory
            .entries
            .iter()
            .find(|entry| plain(self.directory.name(entry)).eq_ignore_ascii_case(name.as_bytes()))
    }

    fn has(&self, fits: impl Fn(&[u8]) -> bool) -> bool {
        self.directory.entries.iter().any(|entry| fits(plain(self.directory.name(entry))))
    }

    fn has_data(&self) -> bool {
        self.has(|name| begins(name, b"Data/") && ends(name, b".BCP"))
    }

    /// Whether the archive describes a database at all; its missing parts are findings then.
    fn is_database(&self, findings: &mut Findings) -> bool {
        let is_missing = |name: &&&str| self.part(name).is_none();
        if self.part(MODEL).is_none() && self.part(ORIGIN).is_none() {
            let is_package = self.has(|name| ends(name, b".nuspec"));
            findings.add(Finding::Foreign(if is_package { Content::NugetPackage } else { Content::Zip }));
            return false;
        }
        for missing in [MODEL, ORIGIN, CONTENT_TYPES].iter().filter(is_missing) {
            findings.add(Finding::MissingPart(missing));
        }
        for missing in USUAL.iter().filter(is_missing) {
            findings.add(Finding::UnusualPart(missing));
        }
        true
    }

    fn names_and_methods(&self, findings: &mut Findings) {
        let mut names: Vec<&[u8]> =
            self.directory.entries.iter().map(|entry| plain(self.directory.name(entry))).collect();
        let lower = |name: &&[u8]| name.to_ascii_lowercase();
        names.sort_by_cached_key(lower);
        for pair in names.windows(2) {
            if pair[0].eq_ignore_ascii_case(pair[1]) {
                findings.count(Finding::DuplicateName, pair[1]);
            }
        }
        for entry in &self.directory.entries {
            let (name, method) = (self.directory.name(entry), entry.header.method);
            if entry.header.is_encrypted() {
                findings.count(Finding::Encrypted, name);
            }
            if method == record::DEFLATE64 {
                findings.count(Finding::Deflate64, name);
            } else if !unpack::is_supported(method) {
                findings.count(|parts| Finding::Unsupported { method, parts }, name);
            }
        }
    }

    fn documents(&self, findings: &mut Findings) -> Result<()> {
        let origin = self.origin(findings)?;
        if let Some(origin) = &origin {
            self.data(origin, findings);
        }
        self.model(origin.as_ref(), findings)
    }

    fn origin(&self, findings: &mut Findings) -> Result<Option<Origin>> {
        let mut bytes = Vec::new();
        if !self.unpacked(ORIGIN, LARGEST_ORIGIN, findings, |piece| bytes.extend_from_slice(piece))? {
            return Ok(None);
        }
        let origin = Origin::read(&bytes);
        if origin.is_none() {
            findings.add(Finding::Origin);
        }
        Ok(origin)
    }

    fn data(&self, origin: &Origin, findings: &mut Findings) {
        match (self.has_data(), origin.contains_data) {
            (true, Some(true)) => {}
            (true, _) => findings.add(Finding::DataNotDeclared),
            (false, Some(true)) if origin.rows == Some(0) => findings.add(Finding::NoRows),
            (false, Some(true)) => findings.add(Finding::NoData),
            (false, _) => findings.add(Finding::Foreign(Content::Dacpac)),
        }
    }

    fn model(&self, origin: Option<&Origin>, findings: &mut Findings) -> Result<()> {
        let mut sum = Sha256::new();
        if !self.unpacked(MODEL, LARGEST_MODEL, findings, |piece| sum.update(piece))? {
            return Ok(());
        }
        let Some(origin) = origin else { return Ok(()) };
        let found = sum.finalize().iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        match &origin.model_checksum {
            None => findings.add(Finding::NoModelChecksum),
            Some(expected) if !expected.eq_ignore_ascii_case(&found) => findings.add(Finding::ModelChecksum),
            Some(_) => {}
        }
        Ok(())
    }

    /// Unpacks a part of this name; `false` where that is not possible, for a reason that is among the findings.
    fn unpacked(
        &self,
        name: &'static str,
        largest: u64,
        findings: &mut Findings,
        take: impl FnMut(&[u8]),
    ) -> Result<bool> {
        let Some(entry) = self.part(name) else { return Ok(false) };
        if !unpack::is_readable(&entry.header) {
            return Ok(false);
        }
        if entry.header.length > largest {
            findings.add(Finding::TooLarge(name));
            return Ok(false);
        }
        // Where it is not at its place, that was found before.
        let Some(located) = local_headers::locate(self.file, self.directory, entry)? else { return Ok(false) };
        let fault = unpack::unpack(self.file, located, self.cancel, take)?;
        if let Some(how) = fault {
            findings.add(Finding::Damaged { part: name, how });
        }
        Ok(fault.is_none())
    }
}

/// A part's name without the slash that it may begin with.
fn plain(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"/").unwrap_or(name)
}

fn begins(name: &[u8], with: &[u8]) -> bool {
    name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

fn ends(name: &[u8], with: &[u8]) -> bool {
    name.len() >= with.len() && name[name.len() - with.len()..].eq_ignore_ascii_case(with)
}
