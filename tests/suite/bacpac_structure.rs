//! The quick check of a bacpac: what it passes, what it warns of, what it names, and what it reads.

use std::collections::BTreeSet;

use epicloud::CancelToken;
use epicloud::bacpac::{Finding, Report, check};
use epicloud::base::readable::Readable;

use super::bacpac_archive::{Archive, Bytes, Data, Fields, MODEL, Part, TABLE, Writer, deflate, origin, parts};

fn report(file: &dyn Readable) -> Report {
    check(file, &CancelToken::new()).unwrap()
}

fn codes(file: &dyn Readable) -> Vec<&'static str> {
    report(file).findings().iter().map(Finding::code).collect()
}

fn codes_of(parts: &[Part]) -> Vec<&'static str> {
    codes(&Archive::of(parts))
}

/// The parts, with one of them changed.
fn changed(name: &str, change: impl Fn(Part) -> Part) -> Vec<Part> {
    let change = |part: Part| if part.name == name { change(part) } else { part };
    parts(Writer::Net).into_iter().map(change).collect()
}

fn without(name: &str) -> Vec<Part> {
    parts(Writer::Net).into_iter().filter(|part| part.name != name).collect()
}

#[test]
fn both_writers_pass_without_a_word() {
    for writer in [Writer::Framework, Writer::Net] {
        assert_eq!(codes_of(&parts(writer)), [""; 0], "{writer:?}");
        let streamed: Vec<Part> = parts(writer).into_iter().map(Part::streamed).collect();
        assert_eq!(codes_of(&streamed), [""; 0], "{writer:?}, streamed");
    }
    for size in [16 << 10, 300_000, 40 << 20] {
        assert_eq!(codes(&Bytes(epicloud_emulator::bacpac(size, 1))), [""; 0], "of the emulator, {size} bytes");
    }
}

/// As DacFx on .NET before 8.0.8 writes it: beyond 4 GiB the two headers give different versions.
#[test]
fn headers_that_differ_beyond_4_gib_are_a_warning_and_little_is_read() {
    let length = (10 << 30) / 3000;
    let mut parts = parts(Writer::Net);
    let (mut at, mut beyond) = (0, 0);
    parts.splice(
        2..2,
        (0..3000).map(|number| Part::hole(&format!("Data/dbo.tblBigTable/TableData-000-{number:05}.BCP"), length)),
    );
    for part in &mut parts {
        if at >= u64::from(u32::MAX) {
            part.central.version = 45;
            beyond += 1;
        }
        at += part.span();
    }
    let archive = Archive::of(&parts);
    let report = report(&archive);
    let [Finding::LocalHeaders { fields, parts }] = report.findings() else { panic!("{report:?}") };
    assert_eq!((fields.as_slice(), parts.count), (&["version needed"][..], beyond));
    assert!(beyond > 1500 && report.errors().next().is_none());
    assert!(report.findings()[0].sentence().contains("SSMS"));
    assert!(archive.read() <= 1 << 20, "{} bytes were read", archive.read());
}

#[test]
fn a_part_beyond_4_gib_has_its_lengths_in_the_zip64_field() {
    let large = |part: Part| Part { extra: part.extra, ..Part::hole(TABLE, 5 << 30) };
    assert_eq!(codes_of(&changed(TABLE, large)), [""; 0]);
    // Encrypted, so that nobody reads 5 GiB to see which of the two lengths is true.
    let other = |part: Part| {
        let mut part = large(part).with(|fields| fields.flags |= 1);
        part.local.length -= 1;
        part
    };
    assert_eq!(codes_of(&changed(TABLE, other)), ["encrypted", "localHeaders"]);
}

/// Where the two headers tell different things about the data, the data decides: of a file that was put together from two
/// versions of a blob, the directory belongs to the later one.
#[test]
fn headers_that_contradict_each_other_about_the_data_are_tried_on_it() {
    type Change = fn(&mut Part);
    let wrong_beside: [Change; 3] =
        [|part| part.local.crc ^= 1, |part| part.local.length += 1, |part| part.local.method = 0];
    let wrong_above: [Change; 2] = [|part| part.central.crc ^= 1, |part| part.central.length += 1];
    let codes = |change: Change| {
        codes_of(&changed(TABLE, |mut part| {
            change(&mut part);
            part
        }))
    };
    for change in wrong_beside {
        assert_eq!(codes(change), ["localHeaders"]);
    }
    for change in wrong_above {
        assert_eq!(codes(change), ["damagedData", "localHeaders"]);
    }
}

#[test]
fn whatever_is_cut_off_is_noticed() {
    for writer in [Writer::Framework, Writer::Net] {
        let whole = Archive::of(&parts(writer)).bytes();
        for length in 0..whole.len() {
            let report = report(&Bytes(whole[..length].to_vec()));
            assert!(report.errors().next().is_some(), "{writer:?}, {length} of {} bytes", whole.len());
        }
        for lost in [1, 30, 200] {
            let holed = [&whole[..100], &whole[100 + lost..]].concat();
            assert_eq!(codes(&Bytes(holed)), ["missingBytes"]);
        }
    }
    let mut large = parts(Writer::Net);
    large.insert(1, Part::hole("Data/dbo.tblBigTable/TableData-000-00000.BCP", 5 << 30));
    // An archive that begins in the middle of another one.
    let archive = Archive::of(&large);
    struct From<'a>(&'a Archive, u64);
    impl Readable for From<'static> {
        fn length(&self) -> u64 {
            self.0.length() - self.1
        }
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), epicloud::Error> {
            self.0.read_at(buffer, offset + self.1)
        }
    }
    assert_eq!(codes(&From(Box::leak(Box::new(archive)), 1000)), ["missingBytes"]);
}

/// Every byte that is not table data, turned over: only what says nothing about the content goes unnoticed.
#[test]
fn a_flipped_byte_anywhere_in_the_structure_is_noticed() {
    for writer in [Writer::Framework, Writer::Net] {
        let parts = parts(writer);
        let whole = Archive::of(&parts).bytes();
        let mut meaningless = BTreeSet::new();
        let (mut local, mut central) = (0_usize, parts.iter().map(Part::span).sum::<u64>() as usize);
        for part in &parts {
            let Data::Bytes(data) = &part.data else { unreachable!() };
            let after = local + part.span() as usize;
            // Time and date, the padding, and the content of parts that are not unpacked.
            meaningless.extend(local + 10..local + 14);
            meaningless.extend(after - data.len() - part.extra.len()..after - data.len());
            if !["model.xml", "Origin.xml"].contains(&part.name.as_str()) {
                meaningless.extend(after - data.len()..after);
            }
            // Made by, time and date, the number of the disk, attributes.
            for fields in [4..6, 12..16, 34..42] {
                meaningless.extend(central + fields.start..central + fields.end);
            }
            (local, central) = (after, central + 46 + part.name.len());
        }
        for at in (0..whole.len()).filter(|at| !meaningless.contains(at)) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            assert!(!report(&Bytes(flipped)).findings().is_empty(), "{writer:?}: byte {at} of {}", whole.len());
        }
    }
}

#[test]
fn what_stands_around_an_archive_is_foreign() {
    let whole = Archive::of(&parts(Writer::Net)).bytes();
    let page = b"<html>timeout</html>";
    assert_eq!(codes(&Bytes([&whole[..], page].concat())), ["foreignTail"]);
    assert_eq!(codes(&Bytes([&whole[..], &[b' '; 200_000]].concat())), ["foreignTail"]);
    assert_eq!(codes(&Bytes([page, &whole[..]].concat())), ["foreignHead"]);
    assert_eq!(codes(&Bytes([&whole[..], &whole[..]].concat())), ["foreignHead"]);
    assert_eq!(codes(&Archive::with_comment(&parts(Writer::Net), b"made by hand")), ["comment"]);
    let mut large = parts(Writer::Net);
    large.insert(1, Part::hole("Data/dbo.tblBigTable/TableData-000-00000.BCP", 5 << 30));
    struct Behind(Archive);
    impl Readable for Behind {
        fn length(&self) -> u64 {
            self.0.length() + 7
        }
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), epicloud::Error> {
            let skip = (7_u64.saturating_sub(offset) as usize).min(buffer.len());
            self.0.read_at(&mut buffer[skip..], offset.saturating_sub(7))
        }
    }
    assert_eq!(codes(&Behind(Archive::of(&large))), ["foreignHead"]);
}

#[test]
fn other_files_are_named_as_what_they_are() {
    let named = |file: &dyn Readable, words: &str| {
        let report = report(file);
        assert_eq!(report.findings().len(), 1, "{report:?}");
        assert!(report.findings()[0].sentence().contains(words), "{words}: {report:?}");
    };
    for (content, words) in [
        (&b""[..], "empty"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS pointer"),
        (&[0; 4096], "zero bytes"),
        (b"PK the good dump of yesterday", "a text"),
    ] {
        named(&Bytes(content.to_vec()), words);
    }
    let model = Part::new(Writer::Net, "Origin.xml", origin(MODEL.as_bytes(), "false", "").as_bytes(), false);
    let mut dacpac = without(TABLE);
    dacpac[0] = model;
    named(&Archive::of(&dacpac), "a dacpac");
    let package = [Part::new(Writer::Net, "site.nuspec", b"<package />", true), parts(Writer::Net).pop().unwrap()];
    named(&Archive::of(&package), "a NuGet package");
    named(&Archive::of(&[Part::new(Writer::Net, "wwwroot/a.txt", b"a", false)]), "a ZIP archive without model.xml");
    named(&Archive::of(&[]), "a ZIP archive without model.xml");
}

#[test]
fn missing_parts_are_named() {
    for (name, code) in [
        ("model.xml", "missingPart"),
        ("Origin.xml", "missingPart"),
        ("[Content_Types].xml", "missingPart"),
        ("DacMetadata.xml", "unusualPart"),
        ("_rels/.rels", "unusualPart"),
        (TABLE, "noData"),
    ] {
        assert_eq!(codes_of(&without(name)), [code], "{name}");
    }
}

#[test]
fn the_two_documents_must_fit_together() {
    let document =
        |name: &'static str, text: String| changed(name, move |_| Part::new(Writer::Net, name, text.as_bytes(), true));
    assert_eq!(codes_of(&document("model.xml", MODEL.replace("tblContent", "tblOthers"))), ["modelChecksum"]);
    // The byte order mark belongs to what the sum is of.
    assert_eq!(codes_of(&document("model.xml", MODEL.replace('\u{feff}', ""))), ["modelChecksum"]);
    let good = origin(MODEL.as_bytes(), "true", "");
    let lower = good.split("model.xml\">").last().unwrap()[..64].to_owned();
    for (text, code) in [
        (good.replace(&lower, &lower.to_lowercase()), &[][..]),
        (good.replace("/model.xml", "/other.xml"), &["noModelChecksum"]),
        (good.replace("true", "false"), &["dataNotDeclared"]),
        (good.replace("</DacOrigin>", ""), &["origin"]),
        (good.replace("</Checksum>", "</Other>"), &["origin"]),
        ("not a document".to_owned(), &["origin"]),
    ] {
        assert_eq!(codes_of(&document("Origin.xml", text.clone())), code, "{text}");
    }
    let empty = origin(MODEL.as_bytes(), "true", "<TableRowCountTotalTag>0</TableRowCountTotalTag>");
    let mut parts = document("Origin.xml", empty);
    parts.retain(|part| part.name != TABLE);
    assert_eq!(codes_of(&parts), ["noRows"]);
}

#[test]
fn parts_that_no_tool_or_not_every_tool_reads_are_named() {
    let of_table = |set: fn(&mut Fields)| codes_of(&changed(TABLE, |part| part.with(set)));
    assert_eq!(of_table(|fields| fields.flags |= 1), ["encrypted"]);
    assert_eq!(of_table(|fields| fields.method = 9), ["deflate64"]);
    assert_eq!(of_table(|fields| fields.method = 14), ["unsupported"]);
    let lzma = report(&Archive::of(&changed("model.xml", |part| part.with(|fields| fields.method = 14))));
    assert!(lzma.findings()[0].sentence().contains("'model.xml' is compressed with LZMA"), "{lzma:?}");
    let mut twice = parts(Writer::Net);
    twice.push(Part::new(Writer::Net, "MODEL.xml", b"<other />", true));
    assert_eq!(codes_of(&twice), ["duplicateName"]);
}

/// A few bytes must not take memory or hours.
#[test]
fn lengths_and_counts_that_lie_are_not_believed() {
    let bomb = deflate(&vec![b' '; 64 << 20]);
    let packed = bomb.len() as u64;
    let swollen = |name: &'static str, length: u64| {
        changed(name, |part| {
            let part = Part { data: Data::Bytes(bomb.clone()), ..part };
            part.with(|fields| (fields.method, fields.packed, fields.length) = (8, packed, length))
        })
    };
    assert_eq!(codes_of(&swollen("model.xml", 10)), ["damaged"]);
    assert_eq!(codes_of(&swollen("Origin.xml", 10)), ["damaged"]);
    assert_eq!(codes_of(&swollen("Origin.xml", 64 << 20)), ["tooLarge"]);
    assert_eq!(codes_of(&swollen("model.xml", 5 << 30)), ["tooLarge"]);
    // Data that reaches into what follows: one part's, and that of the last one.
    for name in [TABLE, "[Content_Types].xml"] {
        assert_eq!(codes_of(&changed(name, |part| part.with(|fields| fields.packed = 1 << 20))), ["overlap"]);
    }
    let whole = Archive::of(&parts(Writer::Net)).bytes();
    let end = whole.len() - 22;
    for (at, value) in [(8, 0xffff_ffff_u32), (8, 0x0001_0001), (12, 0x7fff_ffff), (12, u32::MAX), (16, u32::MAX)] {
        let mut lying = whole.clone();
        lying[end + at..end + at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(report(&Bytes(lying)).errors().next().is_some(), "{value:x} at {at}");
    }
    // Two entries of the directory that lead to one part.
    let mut same = whole.clone();
    let directory = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap()) as usize;
    let second = directory + 46 + "Origin.xml".len();
    same[second + 42..second + 46].copy_from_slice(&0_u32.to_le_bytes());
    assert!(!codes(&Bytes(same)).is_empty());
}

#[test]
fn what_differs_is_named_once_for_all_parts() {
    let all: Vec<Part> = parts(Writer::Net)
        .into_iter()
        .map(|mut part| {
            part.local.version = 10;
            part
        })
        .collect();
    let report = report(&Archive::of(&all));
    let [finding @ Finding::LocalHeaders { .. }] = report.findings() else { panic!("{report:?}") };
    let sentence = finding.sentence();
    assert!(sentence.contains("'Origin.xml' and 5 other parts") && sentence.contains("(version needed)"), "{sentence}");
    assert_eq!(serde_json::to_value(finding).unwrap()["code"], "localHeaders");
}

#[test]
fn a_cancelled_check_ends() {
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = check(&Archive::of(&parts(Writer::Net)), &cancel).unwrap_err();
    assert_eq!(error.kind(), epicloud::Kind::Cancelled);
}
