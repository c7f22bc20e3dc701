//! Block ids and block lists: what an id may look like, what a list says, and what committing it yields. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{BlobError, escape};

/// Most blocks of a blob.
const MOST_BLOCKS: usize = 50_000;
/// Longest block id, decoded.
const LONGEST_ID: usize = 64;

/// Where a block of the list is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    Latest,
    Committed,
    Uncommitted,
}

/// Refuses ids that are no Base64 or too long, and ids of another length than a block waiting.
pub fn check_id(id: &str, waiting: Option<&str>) -> Result<(), BlobError> {
    let decoded =
        STANDARD.decode(id).map_err(|_| BlobError::invalid_query("blockid", id, "Not a valid base64 string."))?;
    if decoded.is_empty() || decoded.len() > LONGEST_ID {
        return Err(BlobError::invalid_query("blockid", id, "Block ID length cannot exceed 64."));
    }
    // The encoded text of ids of one length can differ in length only by what pads it, so it is the decoded one that counts.
    let length = |text: &str| STANDARD.decode(text).map(|decoded| decoded.len()).ok();
    if waiting.is_some_and(|other| length(other) != Some(decoded.len())) {
        return Err(BlobError::invalid_blob_or_block());
    }
    Ok(())
}

/// Reads the body of Put Block List.
pub fn read(body: &[u8]) -> Result<Vec<(Lookup, String)>, BlobError> {
    let text = std::str::from_utf8(body).map_err(|_| BlobError::invalid_xml())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = roxmltree::Document::parse(text).map_err(|_| BlobError::invalid_xml())?;
    if document.root_element().tag_name().name() != "BlockList" {
        return Err(BlobError::invalid_xml());
    }
    let mut entries = Vec::new();
    for element in document.root_element().children().filter(roxmltree::Node::is_element) {
        let lookup = match element.tag_name().name() {
            "Latest" => Lookup::Latest,
            "Committed" => Lookup::Committed,
            "Uncommitted" => Lookup::Uncommitted,
            _ => return Err(BlobError::invalid_xml()),
        };
        entries.push((lookup, element.text().unwrap_or_default().trim().to_owned()));
    }
    if entries.len() > MOST_BLOCKS {
        return Err(BlobError::block_list_too_long());
    }
    Ok(entries)
}

/// The blocks the list stands for, in its order.
pub fn resolve<'a, B>(
    list: &[(Lookup, String)],
    committed: impl Fn(&str) -> Option<&'a B>,
    uncommitted: impl Fn(&str) -> Option<&'a B>,
) -> Result<Vec<&'a B>, BlobError> {
    let found = list.iter().map(|(lookup, id)| match lookup {
        Lookup::Latest => uncommitted(id).or_else(|| committed(id)),
        Lookup::Committed => committed(id),
        Lookup::Uncommitted => uncommitted(id),
    });
    found.collect::<Option<Vec<_>>>().ok_or_else(BlobError::invalid_block_list)
}

/// The answer of Get Block List; a part that was not asked for is `None`.
pub fn document<'a>(
    committed: Option<impl Iterator<Item = (&'a str, u64)>>,
    waiting: Option<impl Iterator<Item = (&'a str, u64)>>,
) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    if let Some(mut blocks) = committed {
        section(&mut text, "CommittedBlocks", &mut blocks);
    }
    if let Some(mut blocks) = waiting {
        section(&mut text, "UncommittedBlocks", &mut blocks);
    }
    text.push_str("</BlockList>");
    text
}

fn section(text: &mut String, name: &str, blocks: &mut dyn Iterator<Item = (&str, u64)>) {
    text.push_str(&format!("<{name}>"));
    for (id, length) in blocks {
        text.push_str(&format!("<Block><Name>{}</Name><Size>{length}</Size></Block>", escape(id)));
    }
    text.push_str(&format!("</{name}>"));
}

/// Which parts of the list `blocklisttype` asks for: the committed blocks, the waiting ones.
pub fn wanted(kind: Option<String>) -> Result<(bool, bool), BlobError> {
    let kind = kind.unwrap_or_else(|| "committed".to_owned()).to_lowercase();
    match kind.as_str() {
        "committed" => Ok((true, false)),
        "uncommitted" => Ok((false, true)),
        "all" => Ok((true, true)),
        _ => Err(BlobError::invalid_query("blocklisttype", &kind, "Not a block list type.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_base64_of_one_length() {
        let long = STANDARD.encode([0; 65]);
        let full = STANDARD.encode([0; 64]);
        let table: [(&str, Option<&str>, &str); 8] = [
            ("AAAA", None, ""),
            ("AAAA", Some("AQAA"), ""),
            (&full, None, ""),
            (&long, None, "InvalidQueryParameterValue"),
            ("A", None, "InvalidQueryParameterValue"),
            ("", None, "InvalidQueryParameterValue"),
            ("AAAA", Some("AAAAAAAA"), "InvalidBlobOrBlock"),
            // Texts of one length, ids of two.
            ("AAAA", Some("AAA="), "InvalidBlobOrBlock"),
        ];
        for (id, waiting, expected) in table {
            let code = check_id(id, waiting).err().map_or(String::new(), |error| error.code);
            assert_eq!(code, expected, "{id} {waiting:?}");
        }
    }

    #[test]
    fn lists_are_read_as_xml() {
        let table: [(&str, Result<usize, &str>); 5] = [
            ("<BlockList><Latest>AA==</Latest><Committed>AQ==</Committed></BlockList>", Ok(2)),
            ("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList></BlockList>", Ok(0)),
            ("<BlockList><Latest>AA==</Latest>", Err("InvalidXmlDocument")),
            ("<BlockList><Other>AA==</Other></BlockList>", Err("InvalidXmlDocument")),
            ("", Err("InvalidXmlDocument")),
        ];
        for (text, expected) in table {
            let read = read(text.as_bytes()).map(|list| list.len()).map_err(|error| error.code);
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        }
        let entries = "<Latest>AA==</Latest>".repeat(MOST_BLOCKS + 1);
        let long = read(format!("<BlockList>{entries}</BlockList>").as_bytes()).unwrap_err();
        assert_eq!(long.code, "BlockListTooLong");
    }

    #[test]
    fn each_entry_is_looked_up_where_it_says() {
        let (old, new) = ("old", "new");
        let committed = |id: &str| matches!(id, "a" | "b").then_some(&old);
        let uncommitted = |id: &str| matches!(id, "b" | "c").then_some(&new);
        let table: [(Lookup, &str, Option<&str>); 7] = [
            (Lookup::Latest, "a", Some("old")),
            (Lookup::Latest, "b", Some("new")),
            (Lookup::Committed, "b", Some("old")),
            (Lookup::Uncommitted, "b", Some("new")),
            (Lookup::Committed, "c", None),
            (Lookup::Uncommitted, "a", None),
            (Lookup::Latest, "d", None),
        ];
        for (lookup, id, expected) in table {
            let found = resolve(&[(lookup, id.to_owned())], committed, uncommitted);
            match expected {
                Some(expected) => assert_eq!(found, Ok(vec![&expected]), "{lookup:?} {id}"),
                None => assert_eq!(found.unwrap_err().code, "InvalidBlockList", "{lookup:?} {id}"),
            }
        }
    }
}
