//! Makes bacpacs as the tools make them, and as they should not be: every field of every header can be chosen. What is
//! large is a hole of zero bytes, so that archives of many GiB cost nothing.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crc_fast::{CrcAlgorithm, checksum};
use epicloud::base::error::Error;
use epicloud::base::readable::Readable;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

/// The two writers of bacpacs, which are known by their headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// `System.IO.Packaging` of the .NET Framework.
    Framework,
    /// `System.IO.Compression` of .NET.
    Net,
}

/// What a header says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) version: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u64,
    pub(crate) length: u64,
}

/// What stands behind a local header.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    Bytes(Vec<u8>),
    Hole(u64),
}

impl Data {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Hole(length) => *length,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) data: Data,
    pub(crate) local: Fields,
    pub(crate) central: Fields,
    /// Extra fields of the local header.
    pub(crate) extra: Vec<u8>,
    /// Whether sum and lengths follow the data.
    pub(crate) described: bool,
}

impl Part {
    pub(crate) fn new(writer: Writer, name: &str, plain: &[u8], deflated: bool) -> Self {
        let data = if deflated { deflate(plain) } else { plain.to_vec() };
        let fields = Fields {
            version: if deflated || writer == Writer::Net { 20 } else { 10 },
            flags: if writer == Writer::Net { 0x800 } else { 0 },
            method: if deflated { 8 } else { 0 },
            crc: checksum(CrcAlgorithm::Crc32IsoHdlc, plain) as u32,
            packed: data.len() as u64,
            length: plain.len() as u64,
        };
        let padding = [&[0x20, 0xa2, 12, 0, 0x28, 0xa0, 8, 0][..], &[0; 8]].concat();
        let extra = if writer == Writer::Framework { padding } else { Vec::new() };
        Self { name: name.to_owned(), data: Data::Bytes(data), local: fields, central: fields, extra, described: false }
    }

    /// Table data of which only the length is real.
    pub(crate) fn hole(name: &str, length: u64) -> Self {
        let mut part = Self::new(Writer::Net, name, b"", false);
        (part.data, part.local.packed, part.local.length) = (Data::Hole(length), length, length);
        part.central = part.local;
        part
    }

    /// Sets the same in both headers.
    pub(crate) fn with(mut self, set: impl Fn(&mut Fields)) -> Self {
        set(&mut self.local);
        set(&mut self.central);
        self
    }

    /// As something that cannot go back writes it: what it did not know stands behind the data.
    pub(crate) fn streamed(mut self) -> Self {
        self = self.with(|fields| fields.flags |= 8);
        (self.local.crc, self.local.packed, self.local.length) = (0, 0, 0);
        self.described = true;
        self
    }
}

pub(crate) fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub(crate) const MODEL: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><DataSchemaModel><Model>\
    <Element Type=\"SqlTable\" Name=\"[dbo].[tblContent]\" /></Model></DataSchemaModel>";
pub(crate) const TABLE: &str = "Data/dbo.tblContent/TableData-000-00000.BCP";

/// `Origin.xml` of this model. `more` stands among its elements.
pub(crate) fn origin(model: &[u8], contains: &str, more: &str) -> String {
    let sum: String = Sha256::digest(model).iter().map(|byte| format!("{byte:02X}")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><DacOrigin xmlns=\"http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02\">\
         <PackageProperties><Version>3.0.0.0</Version><ContainsExportedData>{contains}</ContainsExportedData></PackageProperties>\
         {more}<Checksums><Checksum Uri=\"/model.xml\">{sum}</Checksum></Checksums></DacOrigin>"
    )
}

/// The parts of a small database, in the order of the writer.
pub(crate) fn parts(writer: Writer) -> Vec<Part> {
    let part = |name: &str, plain: &[u8], deflated| Part::new(writer, name, plain, deflated);
    let origin = part("Origin.xml", origin(MODEL.as_bytes(), "true", "").as_bytes(), false);
    let types = part("[Content_Types].xml", b"<Types />", true);
    let others = [
        part("model.xml", MODEL.as_bytes(), true),
        part("DacMetadata.xml", b"<DacType />", true),
        part(TABLE, &[7; 300], true),
        part("_rels/.rels", b"<Relationships />", false),
    ];
    match writer {
        Writer::Framework => [vec![types], others.into(), vec![origin]].concat(),
        Writer::Net => [vec![origin], others.into(), vec![types]].concat(),
    }
}

/// An archive: segments at their places.
pub(crate) struct Archive {
    segments: Vec<(u64, Vec<u8>)>,
    length: u64,
    read: AtomicU64,
}

impl Archive {
    pub(crate) fn of(parts: &[Part]) -> Self {
        Self::with_comment(parts, b"")
    }

    pub(crate) fn with_comment(parts: &[Part], comment: &[u8]) -> Self {
        let mut archive = Self { segments: Vec::new(), length: 0, read: AtomicU64::new(0) };
        let mut directory = Vec::new();
        for part in parts {
            let at = archive.length;
            central(part, at, &mut directory);
            archive.push(local(part));
            match &part.data {
                Data::Bytes(bytes) => archive.push(bytes.clone()),
                Data::Hole(length) => archive.length += length,
            }
            if part.described {
                let lengths = [part.central.packed as u32, part.central.length as u32];
                let fields = [part.central.crc, lengths[0], lengths[1]].map(u32::to_le_bytes);
                archive.push([b"PK\x07\x08".to_vec(), fields.concat()].concat());
            }
        }
        let (at, size, count) = (archive.length, directory.len() as u64, parts.len() as u64);
        archive.push(directory);
        archive.push(end(at, size, count, comment));
        archive
    }

    fn push(&mut self, bytes: Vec<u8>) {
        let at = self.length;
        self.length += bytes.len() as u64;
        self.segments.push((at, bytes));
    }

    /// The whole; of a small one.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length as usize];
        for (at, segment) in &self.segments {
            bytes[*at as usize..][..segment.len()].copy_from_slice(segment);
        }
        bytes
    }

    /// Bytes that were read of it.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Readable for Archive {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Error> {
        let end = offset + buffer.len() as u64;
        assert!(end <= self.length, "read beyond the end");
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        buffer.fill(0);
        let first = self.segments.partition_point(|(at, segment)| at + segment.len() as u64 <= offset);
        for (at, segment) in self.segments[first..].iter().take_while(|(at, _)| *at < end) {
            let (from, to) = (offset.max(*at), end.min(at + segment.len() as u64));
            buffer[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&segment[(from - at) as usize..(to - at) as usize]);
        }
        Ok(())
    }
}

/// Bytes as a file.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Readable for Bytes {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Error> {
        buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
        Ok(())
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// From the version that is needed to the length of the name.
fn common(fields: &Fields, name: &str, to: &mut Vec<u8>) {
    for word in [fields.version, fields.flags, fields.method, 0x6000, 0x5821] {
        to.extend(word.to_le_bytes());
    }
    for word in [fields.crc, low(fields.packed), low(fields.length)] {
        to.extend(word.to_le_bytes());
    }
    to.extend((name.len() as u16).to_le_bytes());
}

fn zip64(values: &[u64]) -> Vec<u8> {
    let large: Vec<u64> = values.iter().copied().filter(|value| *value >= u64::from(u32::MAX)).collect();
    if large.is_empty() {
        return Vec::new();
    }
    let mut field = vec![1, 0, (large.len() * 8) as u8, 0];
    large.iter().for_each(|value| field.extend(value.to_le_bytes()));
    field
}

fn local(part: &Part) -> Vec<u8> {
    let mut header = b"PK\x03\x04".to_vec();
    common(&part.local, &part.name, &mut header);
    let extra = [part.extra.clone(), zip64(&[part.local.length, part.local.packed])].concat();
    header.extend((extra.len() as u16).to_le_bytes());
    header.extend(part.name.as_bytes());
    header.extend(extra);
    header
}

fn central(part: &Part, at: u64, to: &mut Vec<u8>) {
    to.extend(b"PK\x01\x02");
    to.extend(if part.extra.is_empty() { 20_u16 } else { 45 }.to_le_bytes());
    common(&part.central, &part.name, to);
    let extra = zip64(&[part.central.length, part.central.packed, at]);
    to.extend((extra.len() as u16).to_le_bytes());
    to.extend([0; 10]);
    to.extend(low(at).to_le_bytes());
    to.extend(part.name.as_bytes());
    to.extend(extra);
}

fn end(at: u64, size: u64, count: u64, comment: &[u8]) -> Vec<u8> {
    let mut end = Vec::new();
    if at >= u64::from(u32::MAX) {
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes());
        end.extend([45, 0, 45, 0]);
        end.extend([0; 8]);
        [count, count, size, at].iter().for_each(|value| end.extend(value.to_le_bytes()));
        end.extend(b"PK\x06\x07");
        end.extend([0; 4]);
        end.extend((at + size).to_le_bytes());
        end.extend(1_u32.to_le_bytes());
    }
    end.extend(b"PK\x05\x06");
    end.extend([0; 4]);
    let short = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    end.extend([short, short].concat());
    end.extend([low(size), low(at)].map(u32::to_le_bytes).concat());
    end.extend((comment.len() as u16).to_le_bytes());
    end.extend(comment);
    end
}

impl Part {
    /// Its length in the archive, with its local header.
    pub(crate) fn span(&self) -> u64 {
        local(self).len() as u64 + self.data.length()
    }
}
