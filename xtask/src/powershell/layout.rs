//! What lies in the folders of the modules as they are shipped: the scripts joined, the libraries of each platform, and
//! manifests that name what is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::dotnet;
use crate::failure::{Doing, Failure, Result};
use crate::workspace::{Workspace, copy, fresh};

/// Where the modules are, below the root.
pub(super) const MODULES: &str = "powershell";
pub(super) const NATIVE: &str = "EpiCloud.Native";
/// What lets old scripts find the other. It carries a copy of it, because a module that needs another one cannot be
/// imported by its path alone, and arrives alone from a feed that is a folder.
pub(super) const SHIM: &str = "EpiCloud";
/// The folders of `lib`, and the name of the library in each. The names are those that PowerShell looks for itself.
const PLATFORMS: [(&str, &str); 7] = [
    ("win-x64", "epicloud.dll"),
    ("win-arm64", "epicloud.dll"),
    ("linux-x64", "epicloud.so"),
    ("linux-arm64", "epicloud.so"),
    ("linux-musl-x64", "epicloud.so"),
    ("osx-x64", "epicloud.dylib"),
    ("osx-arm64", "epicloud.dylib"),
];

/// Puts both modules together in `target/package/powershell`, with the library of this platform and those that another
/// machine has built into `target/package/native/PLATFORM`.
pub(super) fn assemble(workspace: &Workspace, library: &Path) -> Result<Option<PathBuf>> {
    let Some(assembly) = dotnet::assembly(workspace)? else { return Ok(None) };
    let source = workspace.root.join(MODULES);
    let folder = workspace.target.join("package/powershell");
    fresh(&folder)?;
    let native = Module { source: source.join(NATIVE), folder: folder.join(NATIVE), name: NATIVE };
    for file in ["EpiCloud.Native.Format.ps1xml", "en-US/about_EpiCloud.Native.help.txt"] {
        native.copy(file)?;
    }
    copy(&source.join("README.md"), &native.folder.join("README.md"))?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&workspace.root.join(licence), &native.folder.join(licence))?;
    }
    native.write("EpiCloud.Native.psm1", &joined(&native.source)?)?;
    copy(&assembly, &native.folder.join("lib/EpiCloud.Interop.dll"))?;
    let built_elsewhere = workspace.target.join("package/native");
    let here = dotnet::platform()?;
    for (platform, file) in PLATFORMS {
        let built = if platform == here { library.to_path_buf() } else { built_elsewhere.join(platform).join(file) };
        if built.exists() {
            copy(&built, &native.folder.join("lib").join(platform).join(file))?;
        }
    }
    let manifest = native.manifest()?;
    let version = manifest.value("ModuleVersion")?.to_owned();
    native.finish(manifest)?;

    let shim = Module { source: source.join(SHIM), folder: folder.join(SHIM), name: SHIM };
    shim.copy("EpiCloud.psm1")?;
    for (name, file) in files_below(&native.folder)? {
        copy(&file, &shim.folder.join(NATIVE).join(name))?;
    }
    let mut manifest = shim.manifest()?;
    manifest.set("ModuleVersion", &format!("'{version}'"))?;
    manifest.set("FunctionsToExport", &list(&functions(&native.source)?))?;
    shim.finish(manifest)?;
    Ok(Some(folder))
}

/// One module while it is put together.
struct Module {
    source: PathBuf,
    folder: PathBuf,
    name: &'static str,
}

impl Module {
    fn copy(&self, file: &str) -> Result<()> {
        copy(&self.source.join(file), &self.folder.join(file))
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.folder.join(file);
        fs::write(&path, text).doing(format!("cannot write {}", path.display()))
    }

    fn manifest(&self) -> Result<Manifest> {
        Manifest::read(&self.source.join(self.file_of_manifest()))
    }

    fn file_of_manifest(&self) -> String {
        format!("{}.psd1", self.name)
    }

    /// Writes the manifest, which lists every file of the folder: the last of them.
    fn finish(&self, mut manifest: Manifest) -> Result<()> {
        let mut files: Vec<_> = files_below(&self.folder)?.into_keys().collect();
        files.insert(0, self.file_of_manifest());
        manifest.set("FileList", &list(&files))?;
        self.write(&self.file_of_manifest(), &manifest.text)
    }
}

/// The one script that is shipped: reading thirty files would make the import slow.
fn joined(native: &Path) -> Result<String> {
    let mut script = read(&native.join("Module.ps1"))?;
    for part in ["Private", "Public"] {
        for file in scripts(&native.join(part))? {
            script.push('\n');
            script.push_str(&read(&file)?);
        }
    }
    Ok(script)
}

/// The names of the public functions, one file each.
fn functions(native: &Path) -> Result<Vec<String>> {
    let name = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(scripts(&native.join("Public"))?.iter().map(name).collect())
}

fn scripts(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = files_below(folder)?.into_values();
    Ok(files.filter(|path| path.extension().is_some_and(|end| end == "ps1")).collect())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).doing(format!("cannot read {}", file.display()))
}

/// Every file below a folder by its path there, with slashes; sorted, so that packages come out alike.
pub(super) fn files_below(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let doing = format!("cannot read {}", folder.display());
        for entry in fs::read_dir(&folder).doing(&doing)? {
            let path = entry.doing(&doing)?.path();
            let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                folders.push((path, format!("{name}/")));
            } else {
                found.insert(name, path);
            }
        }
    }
    Ok(found)
}

/// A list as a manifest has it.
fn list(items: &[String]) -> String {
    let lines: String = items.iter().map(|item| format!("        '{item}'\n")).collect();
    format!("@(\n{lines}    )")
}

/// A manifest, of which only what stands on one line is read and set.
pub(super) struct Manifest {
    name: String,
    text: String,
}

impl Manifest {
    pub(super) fn read(file: &Path) -> Result<Self> {
        Ok(Self { name: file.display().to_string(), text: read(file)? })
    }

    /// A text in quotes.
    pub(super) fn value(&self, key: &str) -> Result<&str> {
        let value = self.line(key)?.split_once('=').map_or("", |(_, value)| value.trim());
        let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        value.ok_or_else(|| Failure::new(format!("{} has no text for {key}", self.name)))
    }

    /// Gives a key that is there another value.
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let line = self.line(key)?;
        let (before, _) = line.split_once('=').unwrap_or((line, ""));
        self.text = self.text.replacen(line, &format!("{before}= {value}"), 1);
        Ok(())
    }

    fn line(&self, key: &str) -> Result<&str> {
        let has_key = |line: &&str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
        let line = self.text.lines().find(has_key);
        line.ok_or_else(|| Failure::new(format!("{} has no {key}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(MODULES)
    }

    #[test]
    fn the_script_is_joined_with_every_function() {
        let native = source().join(NATIVE);
        let script = joined(&native).unwrap();
        assert!(script.starts_with("# The start of EpiCloud.Native.psm1"));
        for file in [scripts(&native.join("Private")).unwrap(), scripts(&native.join("Public")).unwrap()].concat() {
            let name = file.file_stem().unwrap().to_str().unwrap();
            assert_eq!(script.matches(&format!("\nfunction {name} {{\n")).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_manifest_is_read_and_filled_in() {
        let text = "@{\n    Author = 'a = b'\n  Tags = @('x')\n    FileList   = @()\n}";
        let mut manifest = Manifest { name: "x".into(), text: text.into() };
        assert_eq!(manifest.value("Author").unwrap(), "a = b");
        assert!(manifest.value("Tags").is_err() && manifest.set("Other", "'x'").is_err());
        manifest.set("FileList", &list(&["a".into(), "b/c".into()])).unwrap();
        assert!(
            manifest.text.contains("\n    FileList   = @(\n        'a'\n        'b/c'\n    )\n}"),
            "{}",
            manifest.text
        );
    }

    #[test]
    fn what_is_shipped_lists_every_file_and_both_modules_have_one_version() {
        let folder = std::env::temp_dir().join(format!("powershell-layout-{}", std::process::id()));
        let module = Module { source: source().join(NATIVE), folder: folder.clone(), name: NATIVE };
        for file in ["lib/linux-x64/epicloud.so", "lib/win-x64/epicloud.dll", "lib/osx-arm64/epicloud.dylib"] {
            copy(&module.source.join("Module.ps1"), &folder.join(file)).unwrap();
        }
        module.finish(module.manifest().unwrap()).unwrap();
        let written = read(&folder.join("EpiCloud.Native.psd1")).unwrap();
        for file in files_below(&folder).unwrap().keys() {
            assert_eq!(written.matches(&format!("\n        '{file}'\n")).count(), 1, "{file}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
