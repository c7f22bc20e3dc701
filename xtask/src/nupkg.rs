//! Packages in the form that a PowerShell gallery takes: a zip with a description and the lists that the Open Packaging
//! Conventions ask for. Made without times and random ids, so that the same files give the same package.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::failure::{Doing, Failure, Result};

/// What a package says about itself.
pub(crate) struct Description<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: &'a str,
    pub(crate) text: &'a str,
    pub(crate) authors: &'a str,
    pub(crate) copyright: &'a str,
    pub(crate) project: &'a str,
    pub(crate) tags: &'a [&'a str],
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const PROPERTIES: &str = "package/services/metadata/core-properties/properties.psmdcp";

/// Writes a package of these files, each by its path in it.
pub(crate) fn write(file: &Path, description: &Description<'_>, files: &BTreeMap<String, PathBuf>) -> Result<()> {
    let nuspec = format!("{}.nuspec", description.id);
    let names: Vec<&str> = files.keys().map(String::as_str).chain([nuspec.as_str(), PROPERTIES]).collect();
    let texts = [
        ("[Content_Types].xml".to_owned(), content_types(&names)),
        ("_rels/.rels".to_owned(), relations(&nuspec)),
        (PROPERTIES.to_owned(), properties(description)),
        (nuspec.clone(), specification(description)),
    ];
    archive(file, &texts, files)
}

/// The paths in the one package of a folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    let doing = format!("cannot read the package in {}", folder.display());
    let mut files = fs::read_dir(folder).doing(&doing)?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.find(|file| file.extension().is_some_and(|end| end == "nupkg"));
    let file = file.ok_or_else(|| Failure::new(format!("there is no package in {}", folder.display())))?;
    let archive = ZipArchive::new(fs::File::open(file).doing(&doing)?).doing(&doing)?;
    archive.file_names().map(|name| Ok(name.doing(&doing)?.into_owned())).collect()
}

/// Writes a plain zip of these files.
pub(crate) fn write_zip(file: &Path, files: &BTreeMap<String, PathBuf>) -> Result<()> {
    archive(file, &[], files)
}

fn archive(file: &Path, texts: &[(String, String)], files: &BTreeMap<String, PathBuf>) -> Result<()> {
    let doing = format!("cannot write {}", file.display());
    let mut zip = ZipWriter::new(BufWriter::new(fs::File::create(file).doing(&doing)?));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o644);
    for (name, text) in texts {
        zip.start_file(name.as_str(), options).doing(&doing)?;
        zip.write_all(text.as_bytes()).doing(&doing)?;
    }
    for (name, path) in files {
        zip.start_file(name.as_str(), options).doing(&doing)?;
        let content = fs::read(path).doing(format!("cannot read {}", path.display()))?;
        zip.write_all(&content).doing(&doing)?;
    }
    let mut written = zip.finish().doing(&doing)?;
    written.flush().doing(&doing)
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn specification(description: &Description<'_>) -> String {
    let [authors, text, copyright, project] =
        [description.authors, description.text, description.copyright, description.project].map(escaped);
    format!(
        "{XML}<package xmlns=\"http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd\">\n  <metadata>\n    \
         <id>{}</id>\n    <version>{}</version>\n    <authors>{authors}</authors>\n    <owners>{authors}</owners>\n    \
         <requireLicenseAcceptance>false</requireLicenseAcceptance>\n    <projectUrl>{project}</projectUrl>\n    \
         <description>{text}</description>\n    <copyright>{copyright}</copyright>\n    <tags>{}</tags>\n  \
         </metadata>\n</package>\n",
        description.id,
        description.version,
        description.tags.join(" ")
    )
}

/// The kind of each part: by its ending, and by its name where it has none.
fn content_types(names: &[&str]) -> String {
    let ending = |name: &str| Path::new(name).extension().map(|end| end.to_string_lossy().into_owned());
    let mut ends: BTreeSet<String> = names.iter().filter_map(|name| ending(name)).collect();
    ends.insert("rels".to_owned());
    let defaults = ends.iter().map(|end| {
        let kind = match end.as_str() {
            "rels" => "application/vnd.openxmlformats-package.relationships+xml",
            "psmdcp" => "application/vnd.openxmlformats-package.core-properties+xml",
            _ => "application/octet",
        };
        format!("  <Default Extension=\"{end}\" ContentType=\"{kind}\" />\n")
    });
    let overrides = names
        .iter()
        .filter(|name| ending(name).is_none())
        .map(|name| format!("  <Override PartName=\"/{name}\" ContentType=\"application/octet\" />\n"));
    let lines: String = defaults.chain(overrides).collect();
    format!("{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n{lines}</Types>\n")
}

fn relations(nuspec: &str) -> String {
    format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\n  \
         <Relationship Type=\"http://schemas.microsoft.com/packaging/2010/07/manifest\" Target=\"/{nuspec}\" Id=\"R1\" />\n  \
         <Relationship Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" \
         Target=\"/{PROPERTIES}\" Id=\"R2\" />\n</Relationships>\n"
    )
}

fn properties(description: &Description<'_>) -> String {
    let [authors, text] = [description.authors, description.text].map(escaped);
    format!(
        "{XML}<coreProperties xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\">\n  \
         <dc:creator>{authors}</dc:creator>\n  <dc:description>{text}</dc:description>\n  \
         <dc:identifier>{}</dc:identifier>\n  <version>{}</version>\n  <keywords>{}</keywords>\n</coreProperties>\n",
        description.id,
        description.version,
        description.tags.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_kind() {
        let types = content_types(&["a.psd1", "lib/linux-x64/b.so", "LICENSE-MIT", PROPERTIES]);
        for line in [
            "Extension=\"psd1\"",
            "Extension=\"so\"",
            "Extension=\"rels\" ContentType=\"application/vnd",
            "PartName=\"/LICENSE-MIT\"",
        ] {
            assert!(types.contains(line), "{line}: {types}");
        }
    }

    #[test]
    fn a_package_holds_its_files_and_its_lists_and_comes_out_alike() {
        let folder = std::env::temp_dir().join(format!("nupkg-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let source = folder.join("a.psd1");
        fs::write(&source, "@{}").unwrap();
        let files = BTreeMap::from([("en-US/a.psd1".to_owned(), source)]);
        let description = Description {
            id: "A",
            version: "1.0.0",
            text: "t",
            authors: "x",
            copyright: "y",
            project: "https://host/",
            tags: &[],
        };
        let packages = ["one.nupkg", "two.nupkg"].map(|name| folder.join(name));
        for package in &packages {
            write(package, &description, &files).unwrap();
        }
        let [one, two] = packages.map(|package| fs::read(package).unwrap());
        assert_eq!(one, two);
        let mut names = names(&folder).unwrap();
        names.sort_unstable();
        assert_eq!(names, ["A.nuspec", "[Content_Types].xml", "_rels/.rels", "en-US/a.psd1", PROPERTIES]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_description_is_escaped() {
        let description = Description {
            id: "EpiCloud",
            version: "2.0.0",
            text: "a < b & \"c\"",
            authors: "x",
            copyright: "y",
            project: "https://host/",
            tags: &["PSModule"],
        };
        let text = specification(&description);
        assert!(text.contains("<description>a &lt; b &amp; &quot;c&quot;</description>"));
    }
}
