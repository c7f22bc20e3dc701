//! `Origin.xml`: what the exporting tool writes down about the file.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What it says, where it says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// Whether table data is part of the file.
    pub(super) contains_data: Option<bool>,
    /// The SHA-256 of `model.xml`, in hexadecimal digits.
    pub(super) model_checksum: Option<String>,
    /// Rows of all tables.
    pub(super) rows: Option<u64>,
}

impl Origin {
    /// Reads the document; `None` where it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
        let mut reader = Reader::from_str(text);
        let mut origin = Self::default();
        // The element whose text comes next, and whether it is the checksum of the model.
        let mut current = None;
        let (mut has_root, mut depth) = (false, 0_u32);
        loop {
            match reader.read_event().ok()? {
                Event::Start(element) => {
                    has_root = true;
                    depth += 1;
                    current = Member::of(&element);
                }
                Event::Text(text) => {
                    if let Some(member) = current {
                        origin.set(member, text.decode().ok()?.trim());
                    }
                }
                Event::End(_) => {
                    current = None;
                    depth -= 1;
                }
                Event::Eof => return (has_root && depth == 0).then_some(origin),
                _ => {}
            }
        }
    }

    fn set(&mut self, member: Member, value: &str) {
        match member {
            Member::ContainsData => {
                self.contains_data = Some(value.eq_ignore_ascii_case("true") || value == "1");
            }
            Member::ModelChecksum => self.model_checksum = Some(value.to_owned()),
            Member::Rows => self.rows = value.parse().ok(),
        }
    }
}

#[derive(Clone, Copy)]
enum Member {
    ContainsData,
    ModelChecksum,
    Rows,
}

impl Member {
    fn of(element: &BytesStart<'_>) -> Option<Self> {
        match element.local_name().as_ref() {
            b"ContainsExportedData" => Some(Self::ContainsData),
            b"TableRowCountTotalTag" => Some(Self::Rows),
            b"Checksum" => {
                let is_model = element.attributes().flatten().any(|attribute| {
                    attribute.key.local_name().as_ref() == b"Uri" && attribute.value.eq_ignore_ascii_case(b"/model.xml")
                });
                is_model.then_some(Self::ModelChecksum)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_read_whatever_else_it_holds() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n\
            <DacOrigin xmlns=\"http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02\">\r\n\
            <PackageProperties><Version>3.0.0.0</Version>\r\n<ContainsExportedData>true</ContainsExportedData>\
            <Other a='1' /></PackageProperties><Server><TableRowCountTotalTag>42</TableRowCountTotalTag></Server>\
            <Checksums><Checksum Uri=\"/other.xml\">AA</Checksum><Checksum Uri=\"/Model.xml\">\r\n BB \r\n</Checksum>\
            </Checksums></DacOrigin>";
        let expected = Origin { contains_data: Some(true), model_checksum: Some("BB".into()), rows: Some(42) };
        assert_eq!(Origin::read(text.as_bytes()), Some(expected));
        assert_eq!(
            Origin::read(b"<a><ContainsExportedData>false</ContainsExportedData></a>").unwrap().contains_data,
            Some(false)
        );
        assert_eq!(Origin::read(b"<DacOrigin/>"), None);
        for broken in [&b""[..], b"no document", b"<a><b></a>", b"<a>", b"</a>", b"\xff\xfe<\0a\0", b"<a>\xff</a>"] {
            assert_eq!(Origin::read(broken), None, "{:?}", String::from_utf8_lossy(broken));
        }
    }
}
