//! What a transfer has finished, as text, so that a cut one can go on. Pure; reading and writing it is for `file.rs`.
//!
//! The first line is a JSON document that says what was transferred; it holds no link. Then there is one line for each
//! finished range: its number, the CRC-64 of its bytes and, of a block, by what the store has proven that it keeps it. A line is written when a range is done and never
//! changed, so a killed process loses at most the line it was writing, which is not read without its end. Nothing in
//! it is simply believed: the document must fit, and each range is compared with its sum again.
//!
//! In that of a download a line may tell besides where the file comes from: whatever the caller needs to get another
//! link to it. It stands before the document or between the ranges, the last one counts, and it stays when the
//! download begins again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::blob::client::{Properties, opaque_tag};
use crate::transfer::checksum::integrity::Proof;
use crate::transfer::schedule::plan::Plan;

/// The form of these lines. A journal of another form is not read.
const VERSION: u32 = 2;

/// What the journal of a download begins with, by which it is known to be one: it stands beside a file that may be
/// somebody else's.
pub(crate) const MARK: &[u8] = b"{\"epicloud\":\"journal of a partial file\"}\n";

const OTHER_FORM: &str = "its journal was written by another version of this program";

/// What an upload sends: the file as it was, how it was cut, and the id its blocks have in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UploadKey {
    pub(crate) version: u32,
    /// The blob's address without its query.
    pub(crate) blob: String,
    pub(crate) file: String,
    pub(crate) size: u64,
    /// Time of modification, in nanoseconds since 1970.
    pub(crate) modified_ns: u64,
    pub(crate) block_size: u64,
    pub(crate) upload_id: uuid::Uuid,
    /// The length of its blocks' ids in bytes, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) id_bytes: Option<usize>,
}

impl UploadKey {
    pub(crate) fn new(
        blob: &str,
        file: &str,
        size: u64,
        modified_ns: u64,
        block_size: u64,
        upload_id: uuid::Uuid,
    ) -> Self {
        Self {
            version: VERSION,
            blob: blob.to_owned(),
            file: file.to_owned(),
            size,
            modified_ns,
            block_size,
            upload_id,
            id_bytes: None,
        }
    }

    /// Whether another document is of the same upload, whose ids it then tells.
    fn continues(&self, found: &Self) -> bool {
        Self { upload_id: found.upload_id, id_bytes: found.id_bytes, ..self.clone() } == *found
    }
}

/// What a download receives: the version of the blob, and how it was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DownloadKey {
    version: u32,
    /// The blob's address without its query.
    blob: String,
    size: u64,
    etag: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    content_md5: Option<String>,
    part_size: u64,
}

impl DownloadKey {
    /// `None` when the blob cannot be recognised again.
    pub(crate) fn new(blob: &str, properties: &Properties, plan: Plan) -> Option<Self> {
        Some(Self {
            version: VERSION,
            blob: blob.to_owned(),
            size: properties.length,
            // Whoever puts a weak one together with what is there compares the versions of all answers.
            etag: opaque_tag(properties.etag.as_deref()?).to_owned(),
            content_md5: properties.content_md5.map(crate::transfer::checksum::integrity::base64),
            part_size: plan.size(),
        })
    }
}

/// The ranges that a journal claims to be finished.
pub(crate) type CompletedRanges = BTreeMap<usize, CompletedRange>;

/// What a journal says of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompletedRange {
    /// The CRC-64 of its bytes.
    pub(crate) crc64: u64,
    /// What the store has proven of a block; a part of a download has no proof but that sum.
    pub(crate) proof: Proof,
}

impl From<u64> for CompletedRange {
    fn from(crc64: u64) -> Self {
        Self { crc64, proof: Proof::None }
    }
}

/// What a journal says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Journal<Subject> {
    pub(crate) subject: Subject,
    pub(crate) claims: CompletedRanges,
    /// How much of the text is whole lines.
    pub(crate) length: u64,
}

impl<Subject: for<'a> Deserialize<'a>> Journal<Subject> {
    /// Reads a journal of `count` ranges; `None` when it is none. What follows a line that cannot be read is not
    /// read either.
    pub(crate) fn read(text: &[u8], count: impl Fn(&Subject) -> usize) -> Option<Self> {
        let (mut subject, mut claims, mut length) = (None, CompletedRanges::new(), 0);
        for line in whole_lines(text) {
            if origin_of(line).is_none() {
                match &subject {
                    None => subject = Some(serde_json::from_slice(line).ok()?),
                    Some(subject) => {
                        let count = count(subject);
                        let Some((index, claim)) = read_line(line).filter(|(index, _)| *index < count) else { break };
                        claims.insert(index, claim);
                    }
                }
            }
            length += line.len() as u64;
        }
        Some(Self { subject: subject?, claims, length })
    }
}

fn whole_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

/// Where a file comes from, in the words of whoever downloads it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin<T> {
    origin: T,
}

/// The line that tells where the file comes from.
pub(crate) fn origin_line(origin: &Value) -> serde_json::Result<Vec<u8>> {
    first_line(&Origin { origin })
}

fn origin_of(line: &[u8]) -> Option<Value> {
    // Most lines are not looked at further.
    let line = Some(line).filter(|line| line.starts_with(b"{\"origin\":"))?;
    serde_json::from_slice(line).ok().map(|Origin { origin }| origin)
}

/// Where the file of these lines comes from, as it was told last.
pub(crate) fn origin(text: &[u8]) -> Option<Value> {
    whole_lines(text).filter_map(origin_of).last()
}

/// Whether these lines tell nothing of a download, but perhaps where its file comes from.
pub(crate) fn tells_nothing(text: &[u8]) -> bool {
    text.split_inclusive(|byte| *byte == b'\n').all(|line| origin_of(line).is_some())
}

/// How much of a text is whole lines.
pub(crate) fn whole_length(text: &[u8]) -> usize {
    whole_lines(text).map(<[u8]>::len).sum()
}

/// The first line of a journal.
pub(crate) fn first_line(subject: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(subject)?;
    line.push(b'\n');
    Ok(line)
}

/// The line of a finished range.
pub(crate) fn line(index: usize, claim: CompletedRange) -> String {
    let CompletedRange { crc64, proof } = claim;
    match proof {
        Proof::None => format!("{index} {crc64:016x}\n"),
        proven => format!("{index} {crc64:016x} {}\n", proven.word()),
    }
}

fn read_line(line: &[u8]) -> Option<(usize, CompletedRange)> {
    let (index, rest) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    let (crc64, word) = rest.split_once(' ').unwrap_or((rest, Proof::None.word()));
    let proof = [Proof::None, Proof::ContentMd5, Proof::Crc64].into_iter().find(|proof| proof.word() == word)?;
    let (index, claim) = (index.parse().ok()?, CompletedRange { crc64: u64::from_str_radix(crc64, 16).ok()?, proof });
    // Exactly as it was written: what was half overwritten must not pass for a number.
    (self::line(index, claim).as_bytes() == line).then_some((index, claim))
}

/// Whether a transfer goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ResumeDecision<Subject> {
    /// Nothing of an earlier transfer is there.
    Fresh,
    /// Something is there and cannot be used, for this reason.
    Restart(&'static str),
    /// It goes on with these ranges, if their sums are right.
    Resume(Journal<Subject>),
}

/// Decides whether an upload goes on. `current` is what it would write down, with an id of its own.
pub(crate) fn decide_upload(current: &UploadKey, found: Option<&[u8]>, plan: Plan) -> ResumeDecision<UploadKey> {
    let Some(found) = found.filter(|text| !text.is_empty()) else { return ResumeDecision::Fresh };
    let Some(found) = Journal::<UploadKey>::read(found, |_| plan.count()) else {
        return ResumeDecision::Restart("its journal cannot be read");
    };
    if found.subject.version != VERSION {
        return ResumeDecision::Restart(OTHER_FORM);
    }
    if (found.subject.size, found.subject.modified_ns) != (current.size, current.modified_ns) {
        return ResumeDecision::Restart("the file has changed");
    }
    if !current.continues(&found.subject) {
        return ResumeDecision::Restart("the block size is different");
    }
    if found.claims.is_empty() { ResumeDecision::Fresh } else { ResumeDecision::Resume(found) }
}

/// How the partial file of these lines is cut, and what they claim of it; `None` when they name none.
pub(crate) fn claimed(lines: &[u8]) -> Option<(Plan, CompletedRanges)> {
    let plan = |subject: &DownloadKey| Plan::download(subject.size, subject.part_size);
    let Journal { subject, claims, .. } = Journal::<DownloadKey>::read(lines, |subject| plan(subject).count())?;
    Some((plan(&subject), claims))
}

/// Decides whether a download goes on. `partial` is the partial file's length, if it is there.
pub(crate) fn decide_download(
    current: Option<&DownloadKey>,
    found: Option<&[u8]>,
    partial: Option<u64>,
    plan: Plan,
) -> ResumeDecision<DownloadKey> {
    let Some(partial) = partial.filter(|length| *length > 0) else { return ResumeDecision::Fresh };
    let Some(found) = found.filter(|text| !text.is_empty()) else { return ResumeDecision::Fresh };
    let Some(found) = Journal::<DownloadKey>::read(found, |_| plan.count()) else {
        return ResumeDecision::Restart("its journal cannot be read");
    };
    let Some(current) = current else {
        return ResumeDecision::Restart("the blob storage does not return a version of the blob");
    };
    let subject = &found.subject;
    if subject.version != VERSION {
        return ResumeDecision::Restart(OTHER_FORM);
    }
    if subject.blob != current.blob {
        return ResumeDecision::Restart("it belongs to another blob");
    }
    if (subject.size, &subject.etag, &subject.content_md5) != (current.size, &current.etag, &current.content_md5) {
        return ResumeDecision::Restart("the blob has changed");
    }
    if subject != current {
        return ResumeDecision::Restart("the part size is different");
    }
    if partial != current.size {
        return ResumeDecision::Restart("its size is wrong");
    }
    if found.claims.is_empty() { ResumeDecision::Fresh } else { ResumeDecision::Resume(found) }
}

/// What the whole journal of a download says behind its mark; `None` when it is not one.
pub(crate) fn own_lines(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(MARK)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::blob::block::LARGEST_BLOCK;

    const MIB: u64 = 1024 * 1024;

    fn received(etag: &str, length: u64, part: u64) -> DownloadKey {
        let properties =
            Properties { length, etag: Some(etag.to_owned()), content_md5: Some([7; 16]), last_modified: None };
        DownloadKey::new("https://a/c/b", &properties, Plan::download(length, part)).unwrap()
    }

    fn text(subject: &impl Serialize, lines: &[(usize, CompletedRange)]) -> Vec<u8> {
        let mut text = first_line(subject).unwrap();
        text.extend(lines.iter().flat_map(|(index, claim)| line(*index, *claim).into_bytes()));
        text
    }

    const fn claim(crc64: u64, proof: Proof) -> CompletedRange {
        CompletedRange { crc64, proof }
    }

    const DONE: [(usize, CompletedRange); 3] =
        [(0, claim(7, Proof::None)), (5, claim(u64::MAX, Proof::Crc64)), (9, claim(1, Proof::ContentMd5))];

    #[test]
    fn only_the_same_unchanged_blob_is_gone_on_with() {
        let current = received("\"1\"", 100, 10);
        let good = text(&current, &DONE);
        let resumed = || {
            ResumeDecision::Resume(Journal { subject: current.clone(), claims: DONE.into(), length: good.len() as u64 })
        };
        let other = |subject: &DownloadKey| text(subject, &DONE);
        let elsewhere = String::from_utf8(good.clone()).unwrap().replace("/b", "/x").into_bytes();
        for (found, partial, expected) in [
            (Some(good.clone()), Some(100), resumed()),
            (Some(good.clone()), None, ResumeDecision::Fresh),
            (Some(good.clone()), Some(0), ResumeDecision::Fresh),
            (None, Some(100), ResumeDecision::Fresh),
            (Some(Vec::new()), Some(100), ResumeDecision::Fresh),
            (Some(good.clone()), Some(99), ResumeDecision::Restart("its size is wrong")),
            (Some(other(&received("\"2\"", 100, 10))), Some(100), ResumeDecision::Restart("the blob has changed")),
            (Some(other(&received("\"1\"", 101, 10))), Some(100), ResumeDecision::Restart("the blob has changed")),
            (Some(other(&received("W/\"1\"", 100, 10))), Some(100), resumed()),
            (
                Some(other(&received("\"1\"", 100, 20))),
                Some(100),
                ResumeDecision::Restart("the part size is different"),
            ),
            (
                Some(other(&DownloadKey { version: 1, ..current.clone() })),
                Some(100),
                ResumeDecision::Restart(OTHER_FORM),
            ),
            (Some(elsewhere), Some(100), ResumeDecision::Restart("it belongs to another blob")),
            (Some(good[..9].to_vec()), Some(100), ResumeDecision::Restart("its journal cannot be read")),
            (Some(text(&current, &[])), Some(100), ResumeDecision::Fresh),
        ] {
            let plan = Plan::download(100, 10);
            assert_eq!(decide_download(Some(&current), found.as_deref(), partial, plan), expected, "{found:?}");
        }
        let unversioned = Properties { length: 1, etag: None, content_md5: None, last_modified: None };
        assert_eq!(DownloadKey::new("x", &unversioned, Plan::download(1, 1)), None);
    }

    #[test]
    fn only_the_same_unchanged_file_is_gone_on_with_and_keeps_its_id() {
        let sent = |modified, block_size, id| {
            UploadKey::new("https://a/c/b", "/x/b", 20 * MIB, modified, block_size, Uuid::from_u128(id))
        };
        let (before, current) = (sent(5, MIB, 1), sent(5, MIB, 2));
        let plan = Plan::upload(20 * MIB, None, LARGEST_BLOCK).unwrap();
        let decide = |found: &[u8]| decide_upload(&current, Some(found), plan);
        let ResumeDecision::Resume(journal) = decide(&text(&before, &DONE)) else { panic!("must go on") };
        assert_eq!((journal.subject.upload_id, journal.claims.len()), (Uuid::from_u128(1), 3));
        let fitted = UploadKey { id_bytes: Some(36), ..before.clone() };
        let ResumeDecision::Resume(journal) = decide(&text(&fitted, &DONE)) else { panic!("must go on") };
        assert_eq!(journal.subject.id_bytes, Some(36), "with ids of the length that they have");
        for (found, expected) in [
            (text(&sent(6, MIB, 1), &DONE), ResumeDecision::Restart("the file has changed")),
            (text(&sent(5, 2 * MIB, 1), &DONE), ResumeDecision::Restart("the block size is different")),
            (text(&UploadKey { version: 1, ..before.clone() }, &DONE), ResumeDecision::Restart(OTHER_FORM)),
            (b"{}\n".to_vec(), ResumeDecision::Restart("its journal cannot be read")),
            (text(&before, &[]), ResumeDecision::Fresh),
            (Vec::new(), ResumeDecision::Fresh),
        ] {
            assert_eq!(decide(&found), expected);
        }
        assert_eq!(decide_upload(&current, None, plan), ResumeDecision::Fresh);
    }

    /// Wherever writing is cut off: what is whole is read, what is not is not taken for something else.
    #[test]
    fn a_journal_cut_at_any_byte_tells_only_what_is_true() {
        let current = received("\"1\"", 100, 10);
        let whole = text(&current, &DONE);
        for end in 0..=whole.len() {
            let Some(read) = Journal::<DownloadKey>::read(&whole[..end], |_| 10) else { continue };
            assert!(read.length as usize <= end && whole[..end][read.length as usize..].len() < 30);
            assert!(read.claims.iter().all(|(index, claim)| DONE.contains(&(*index, *claim))), "{end}");
            assert_eq!(read.claims.len(), whole[..end].iter().filter(|byte| **byte == b'\n').count() - 1);
        }
        for junk in [
            "10 0000000000000001\n",
            "3 1\n",
            "x\n",
            "+3 0000000000000001\n",
            "\0\0\0\n",
            "3 0000000000000001 \n",
            "3 0000000000000001 unverified\n",
            "3 0000000000000001 crc\n",
            "3 0000000000000001 crc64 crc64\n",
        ] {
            let mut text = whole.clone();
            text.extend(junk.bytes());
            let read = Journal::<DownloadKey>::read(&text, |_| 10).unwrap();
            assert_eq!((read.claims.len(), read.length), (3, whole.len() as u64), "{junk:?}");
        }
    }

    #[test]
    fn where_a_file_comes_from_is_told_among_the_lines() {
        let at = |place: &str| serde_json::json!({"service": place});
        let (first, last) = (origin_line(&at("a")).unwrap(), origin_line(&at("b")).unwrap());
        let lines = text(&received("e", 100, 10), &DONE);
        for text in [[&first[..], &lines, &last].concat(), [&lines[..], &first, &last].concat()] {
            let read = Journal::<DownloadKey>::read(&text, |_| 10).unwrap();
            assert_eq!((read.claims.len(), read.length), (3, text.len() as u64));
            assert_eq!(origin(&text), Some(at("b")));
            assert!(!tells_nothing(&text));
            assert_eq!(origin(&text[..text.len() - 1]), Some(at("a")), "half a line tells nothing");
        }
        assert!(tells_nothing(b"") && tells_nothing(&[first.clone(), last].concat()) && !tells_nothing(b"junk"));
        assert_eq!((origin(&lines), origin(b"{\"origin\":1,\"x\":2}\n")), (None, None));
        assert_eq!(whole_length(&first[..first.len() - 1]), 0);
    }

    #[test]
    fn a_stretch_that_was_sent_again_has_its_last_sum() {
        let (first, last) = (claim(5, Proof::Crc64), claim(6, Proof::None));
        let text = text(&received("e", 100, 10), &[(1, first), (1, last)]);
        assert_eq!(Journal::<DownloadKey>::read(&text, |_| 10).unwrap().claims, CompletedRanges::from([(1, last)]));
    }
}
