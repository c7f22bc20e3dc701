//! Conditional headers: whether a request may go on, given what is stored. Pure.

use super::error::BlobError;
use crate::clock::Milliseconds;
use crate::http::Asked;
use crate::timestamp;

/// The conditional headers of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'a> {
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
    pub if_modified_since: Option<&'a str>,
    pub if_unmodified_since: Option<&'a str>,
}

/// ETag and time of change of what is stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    pub etag: &'a str,
    pub modified: Milliseconds,
}

impl<'a> Conditions<'a> {
    /// Those of a request.
    pub fn of(asked: &'a Asked) -> Self {
        Self {
            if_match: asked.header("if-match"),
            if_none_match: asked.header("if-none-match"),
            if_modified_since: asked.header("if-modified-since"),
            if_unmodified_since: asked.header("if-unmodified-since"),
        }
    }
}

impl Conditions<'_> {
    /// For Get Blob and Get Blob Properties: 412, or 304 when the client has it already.
    pub fn check_read(&self, stored: Stored<'_>) -> Result<(), BlobError> {
        self.check_match(Some(stored))?;
        let unchanged = match (self.if_none_match, since(self.if_modified_since)) {
            (Some(tags), _) => names(tags, stored.etag),
            (None, Some(since)) => stored.modified / 1_000 * 1_000 <= since,
            (None, None) => false,
        };
        if unchanged {
            return Err(BlobError { status: 304, ..BlobError::condition_not_met() });
        }
        Ok(())
    }

    /// For writes: 412, or 409 for `If-None-Match: *` on something that exists.
    pub fn check_write(&self, stored: Option<Stored<'_>>) -> Result<(), BlobError> {
        self.check_match(stored)?;
        match (self.if_none_match, stored) {
            (Some("*"), Some(_)) => Err(BlobError::blob_already_exists()),
            (Some(tags), Some(stored)) if names(tags, stored.etag) => Err(BlobError::condition_not_met()),
            _ => Ok(()),
        }
    }

    fn check_match(&self, stored: Option<Stored<'_>>) -> Result<(), BlobError> {
        let matches = match (self.if_match, stored) {
            (None, _) => true,
            (Some(tags), Some(stored)) => names(tags, stored.etag),
            (Some(_), None) => false,
        };
        let unmodified = match (since(self.if_unmodified_since), stored) {
            (Some(since), Some(stored)) => stored.modified / 1_000 * 1_000 <= since,
            _ => true,
        };
        if matches && unmodified { Ok(()) } else { Err(BlobError::condition_not_met()) }
    }
}

fn since(header: Option<&str>) -> Option<Milliseconds> {
    timestamp::parse_http_date(header?)
}

fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_matches('"') == etag.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: Stored<'static> = Stored { etag: "\"0x1\"", modified: 1_566_811_719_479 };

    #[test]
    fn reads_stop_at_412_or_304() {
        let date = Some("Mon, 26 Aug 2019 09:28:39 GMT");
        let earlier = Some("Mon, 26 Aug 2019 09:28:38 GMT");
        let none = Conditions::default();
        let table = [
            (none, 0),
            (Conditions { if_match: Some("\"0x1\""), ..none }, 0),
            (Conditions { if_match: Some("*"), ..none }, 0),
            (Conditions { if_match: Some("\"0x2\""), ..none }, 412),
            (Conditions { if_none_match: Some("\"0x1\""), ..none }, 304),
            (Conditions { if_none_match: Some("\"0x2\", \"0x1\""), ..none }, 304),
            (Conditions { if_none_match: Some("\"0x2\""), ..none }, 0),
            (Conditions { if_modified_since: date, ..none }, 304),
            (Conditions { if_modified_since: earlier, ..none }, 0),
            (Conditions { if_unmodified_since: earlier, ..none }, 412),
        ];
        for (conditions, expected) in table {
            let status = conditions.check_read(STORED).err().map_or(0, |error| error.status);
            assert_eq!(status, expected, "{conditions:?}");
        }
    }

    #[test]
    fn writes_stop_at_412_or_409() {
        let none = Conditions::default();
        let table = [
            (none, None, 0),
            (Conditions { if_match: Some("*"), ..none }, None, 412),
            (Conditions { if_match: Some("*"), ..none }, Some(STORED), 0),
            (Conditions { if_none_match: Some("*"), ..none }, None, 0),
            (Conditions { if_none_match: Some("*"), ..none }, Some(STORED), 409),
            (Conditions { if_none_match: Some("\"0x1\""), ..none }, Some(STORED), 412),
        ];
        for (conditions, stored, expected) in table {
            let status = conditions.check_write(stored).err().map_or(0, |error| error.status);
            assert_eq!(status, expected, "{conditions:?} {stored:?}");
        }
    }
}
