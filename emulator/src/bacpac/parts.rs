//! The small documents of a bacpac, and the names of the tables it pretends to hold.

use sha2::{Digest, Sha256};

use super::Segment;
use super::zip::Entry;

/// Tables of the database.
pub(super) fn tables(database: &str) -> Vec<&'static str> {
    if database.eq_ignore_ascii_case("epicommerce") {
        vec!["CatalogEntry", "CatalogNode", "CatalogItemAsset", "OrderGroup", "LineItem", "ecfVersion", "Market"]
    } else {
        vec![
            "tblContent",
            "tblContentProperty",
            "tblContentLanguage",
            "tblWorkContent",
            "tblBigTable",
            "tblTree",
            "tblMappedIdentity",
        ]
    }
}

/// The documents in front of the table data.
pub(super) fn documents(database: &str, tables: &[&str]) -> Vec<Entry> {
    let model = model(tables);
    let checksum = crate::random::hex(&Sha256::digest(model.as_bytes())).to_uppercase();
    let documents = [
        ("[Content_Types].xml", CONTENT_TYPES.to_owned()),
        ("DacMetadata.xml", metadata(database)),
        ("Origin.xml", origin(&checksum, tables.len())),
        ("model.xml", model),
    ];
    documents
        .into_iter()
        .map(|(name, text)| Entry { name: name.to_owned(), data: Segment::Literal(text.into_bytes()) })
        .collect()
}

/// The part that leads from the archive to its parts.
pub(super) fn relationships(names: &[&str]) -> Entry {
    let relationships: String = names
        .iter()
        .filter(|name| **name != "[Content_Types].xml")
        .enumerate()
        .map(|(number, name)| {
            let kind = match *name {
                "model.xml" => "model",
                "DacMetadata.xml" => "metadata",
                "Origin.xml" => "origin",
                _ => "data",
            };
            format!("<Relationship Type=\"{RELATIONSHIP}/{kind}\" Target=\"/{name}\" Id=\"R{number}\" />")
        })
        .collect();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relationships}</Relationships>"
    );
    Entry { name: "_rels/.rels".to_owned(), data: Segment::Literal(text.into_bytes()) }
}

/// Stands for the types that the real tools write.
const RELATIONSHIP: &str = "http://schemas.microsoft.com/sqlserver/dac/relationships";

const CONTENT_TYPES: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
    <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"xml\" ContentType=\"text/xml\" />\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\" /><Default Extension=\"BCP\" ContentType=\"application/octet-stream\" />\
    </Types>";

fn metadata(database: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <DacType xmlns=\"http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02\">\
         <Name>{database}</Name><Version>0.0.0.0</Version></DacType>"
    )
}

fn origin(checksum: &str, tables: usize) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <DacOrigin xmlns=\"http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02\">\
         <PackageProperties><Version>3.0.0.0</Version><ContainsExportedData>true</ContainsExportedData></PackageProperties>\
         <Operation><ProductName>epi-emulator</ProductName></Operation>\
         <Server><ObjectCounts><Table>{tables}</Table></ObjectCounts></Server>\
         <Checksums><Checksum Uri=\"/model.xml\">{checksum}</Checksum></Checksums></DacOrigin>"
    )
}

fn model(tables: &[&str]) -> String {
    let elements: String =
        tables.iter().map(|table| format!("<Element Type=\"SqlTable\" Name=\"[dbo].[{table}]\" />")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <DataSchemaModel FileFormatVersion=\"1.2\" SchemaVersion=\"3.5\" DspName=\"Microsoft.Data.Tools.Schema.Sql.SqlAzureV12DatabaseSchemaProvider\" \
         xmlns=\"http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02\"><Model>{elements}</Model></DataSchemaModel>"
    )
}
