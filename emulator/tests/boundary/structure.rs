//! The rooms of the emulator: a service is a folder of its own over common parts, and one more is one more folder.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of the services.
const SERVICES: &[&str] = &["dxp", "guidewire", "redis"];
/// Where a service is known besides: what it can be told, where it is started, its public names, and the container that
/// links of the control interface are for.
const KNOWN: &[&str] = &["config.rs", "control.rs", "emulator.rs", "lib.rs"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn services_do_not_know_each_other_and_the_common_parts_know_none() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut breaches = Vec::new();
    for path in found {
        let below = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let own = below.split('/').next().unwrap();
        if KNOWN.contains(&own) || own == "bin" {
            continue;
        }
        let code = fs::read_to_string(&path).unwrap();
        for service in SERVICES.iter().filter(|service| **service != own) {
            if code.contains(&format!("crate::{service}")) {
                breaches.push(format!("{below} uses {service}"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
    assert!(SERVICES.iter().all(|service| root.join(service).join("mod.rs").exists()));
}
