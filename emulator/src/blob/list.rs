//! List Blobs: flat or by a delimiter, by prefix, in pages.

use std::sync::Arc;

use super::call::{Call, query};
use super::error::{BlobError, escape};
use super::storage::Storage;
use super::store::{Committed, Properties};
use crate::clock::Milliseconds;
use crate::http::{Answer, Asked};
use crate::timestamp;

/// Largest page.
const MOST: usize = 5_000;

/// An entry of the list: a blob or, with a delimiter, a common beginning of names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry<'a> {
    Blob(usize),
    Prefix(&'a str),
}

/// Chooses one page of the sorted names; with it the marker of the next page.
fn page<'a>(
    names: &[&'a str],
    prefix: &str,
    delimiter: &str,
    marker: &str,
    most: usize,
) -> (Vec<Entry<'a>>, Option<&'a str>) {
    let mut entries = Vec::new();
    for (index, name) in names.iter().enumerate().filter(|(_, name)| name.starts_with(prefix)) {
        let below = &name[prefix.len()..];
        let cut = if delimiter.is_empty() { None } else { below.find(delimiter) };
        let (shown, entry) = match cut {
            Some(cut) => {
                let common = &name[..prefix.len() + cut + delimiter.len()];
                (common, Entry::Prefix(common))
            }
            None => (*name, Entry::Blob(index)),
        };
        if shown < marker || entries.last() == Some(&entry) {
            continue;
        }
        if entries.len() == most {
            return (entries, Some(shown));
        }
        entries.push(entry);
    }
    (entries, None)
}

/// A blob as lists show it.
pub struct Row<'a> {
    pub name: &'a str,
    pub created: Milliseconds,
    pub modified: Milliseconds,
    pub etag: &'a str,
    pub length: u64,
    pub properties: &'a Properties,
    pub leased: bool,
}

/// List Blobs.
pub(super) fn list_blobs(storage: &Storage, call: &Call<'_>) -> Result<Answer, BlobError> {
    let blobs = storage.blobs.committed(&call.address.container)?;
    let rows: Vec<Row<'_>> = blobs.iter().map(row).collect();
    answer(call.asked, &storage.base(call.asked.secure), &call.address.container, &rows)
}

fn row((name, committed, leased): &(String, Arc<Committed>, bool)) -> Row<'_> {
    Row {
        name,
        created: committed.created,
        modified: committed.modified,
        etag: &committed.etag,
        length: committed.length,
        properties: &committed.properties,
        leased: *leased,
    }
}

/// The page of the sorted rows that was asked for.
pub fn answer(asked: &Asked, base: &str, container: &str, rows: &[Row<'_>]) -> Result<Answer, BlobError> {
    let given = |name| query(asked, name).unwrap_or_default();
    let (prefix, delimiter, marker) = (given("prefix"), given("delimiter"), given("marker"));
    let most = match query(asked, "maxresults") {
        None => MOST,
        Some(text) => match text.parse::<usize>() {
            Ok(most) if most > 0 => most.min(MOST),
            _ => return Err(BlobError::invalid_query("maxresults", &text, "Must be a number above 0.")),
        },
    };
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    let (entries, next) = page(&names, &prefix, &delimiter, &marker, most);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"{}\" ContainerName=\"{}\">",
        escape(base),
        escape(container)
    );
    for (name, value) in [("Prefix", &prefix), ("Marker", &marker), ("Delimiter", &delimiter)] {
        if !value.is_empty() {
            text.push_str(&format!("<{name}>{}</{name}>", escape(value)));
        }
    }
    if query(asked, "maxresults").is_some() {
        text.push_str(&format!("<MaxResults>{most}</MaxResults>"));
    }
    text.push_str("<Blobs>");
    for entry in entries {
        match entry {
            Entry::Prefix(name) => {
                text.push_str(&format!("<BlobPrefix><Name>{}</Name></BlobPrefix>", escape(name)));
            }
            Entry::Blob(index) => text.push_str(&describe(&rows[index])),
        }
    }
    text.push_str(&format!(
        "</Blobs><NextMarker>{}</NextMarker></EnumerationResults>",
        escape(next.unwrap_or_default())
    ));
    Ok(Answer::new(200, "application/xml", text))
}

fn describe(row: &Row<'_>) -> String {
    let properties = row.properties;
    let value = |value: &Option<String>| escape(value.as_deref().unwrap_or_default());
    let lease = if row.leased {
        "<LeaseStatus>locked</LeaseStatus><LeaseState>leased</LeaseState><LeaseDuration>infinite</LeaseDuration>"
    } else {
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
    };
    format!(
        "<Blob><Name>{}</Name><Properties><Creation-Time>{}</Creation-Time><Last-Modified>{}</Last-Modified>\
         <Etag>{}</Etag><Content-Length>{}</Content-Length><Content-Type>{}</Content-Type>\
         <Content-Encoding>{}</Content-Encoding><Content-Language>{}</Content-Language><Content-CRC64 />\
         <Content-MD5>{}</Content-MD5><Cache-Control>{}</Cache-Control>\
         <Content-Disposition>{}</Content-Disposition><BlobType>BlockBlob</BlobType>{lease}\
         <ServerEncrypted>true</ServerEncrypted></Properties></Blob>",
        escape(row.name),
        timestamp::http_date(row.created),
        timestamp::http_date(row.modified),
        row.etag.trim_matches('"'),
        row.length,
        properties.content_type.as_deref().map_or("application/octet-stream".to_owned(), escape),
        value(&properties.content_encoding),
        value(&properties.content_language),
        value(&properties.content_md5),
        value(&properties.cache_control),
        value(&properties.content_disposition),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let names = ["a/1", "a/2", "b", "c/1", "d"];
        let mut seen = Vec::new();
        let mut marker = String::new();
        loop {
            let (entries, next) = page(&names, "", "", &marker, 2);
            seen.extend(entries);
            match next {
                Some(next) => marker = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, (0..5).map(Entry::Blob).collect::<Vec<_>>());
    }

    #[test]
    fn prefix_and_delimiter_choose_and_fold() {
        let names = ["a/1", "a/2", "b", "c/1", "d"];
        assert_eq!(page(&names, "a/", "", "", 9).0, vec![Entry::Blob(0), Entry::Blob(1)]);
        let folded = page(&names, "", "/", "", 9).0;
        assert_eq!(folded, vec![Entry::Prefix("a/"), Entry::Blob(2), Entry::Prefix("c/"), Entry::Blob(4)]);
    }
}
