//! What lies in the folders of the modules as they are shipped: the scripts joined, the libraries of each platform, and
//! manifests that name what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::dotnet;
use crate::failure::{Doing, Failure, Result};
use crate::workspace::{Workspace, copy, fresh};

use super::function::Function;
use super::help;

/// Where the modules are, below the root.
pub(super) const MODULES: &str = "powershell";
pub(super) const NATIVE: &str = "EpiCloud.Native";
/// What lets old scripts find the other. It carries a copy of it, because a module that needs another one cannot be
/// imported by its path alone, and arrives alone from a feed that is a folder.
pub(super) const SHIM: &str = "EpiCloud";
/// What is read at the first call of a cmdlet; the start of the script names it too.
const CALLS: &str = "EpiCloud.Native.Calls.ps1";
/// What `Get-Help` reads.
const HELP: &str = "EpiCloud.Native-help.xml";
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
pub(crate) fn assemble(workspace: &Workspace, library: &Path) -> Result<Option<PathBuf>> {
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
    let scripts = Scripts::read(&native.source)?;
    native.write("EpiCloud.Native.psm1", &scripts.at_import())?;
    native.write(CALLS, &scripts.at_first_call())?;
    native.write(&format!("en-US/{HELP}"), &help::file(&scripts.described()?)?)?;
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
    manifest.set("FunctionsToExport", &list(&scripts.exported()))?;
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

/// The sources of the module's script. What an import has to parse is the greatest part of its time, so only what it needs
/// is in the script that it runs.
struct Scripts {
    start: String,
    /// By the name of the file; a file may define several functions.
    private: Vec<(String, String)>,
    /// One function each.
    public: Vec<(String, String)>,
}

impl Scripts {
    fn read(native: &Path) -> Result<Self> {
        let all = |folder: &str| {
            let files = scripts(&native.join(folder))?.into_iter();
            let named =
                |file: PathBuf| Ok((file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), read(&file)?));
            files.map(named).collect::<Result<Vec<_>>>()
        };
        Ok(Self { start: read(&native.join("Module.ps1"))?, private: all("Private")?, public: all("Public")? })
    }

    /// The start, a line for each function that is read at the first call, and the public functions without their help.
    /// Each line costs an import something, so there is one only for what the public functions name: whatever else is
    /// private is called by these alone.
    fn at_import(&self) -> String {
        let public: String = self.public.iter().map(|(_, source)| without_help(source)).collect();
        let named: BTreeSet<_> = public.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
        let mut script = self.start.clone();
        let sources = self.private.iter().map(|(_, source)| source);
        for name in sources.flat_map(|source| source.lines().filter_map(defined)).filter(|name| named.contains(name)) {
            script += &format!("function {name} {{ Import-EpiCall; {name} @args }}\n");
        }
        script + &public
    }

    /// The private functions, for the scope of the module: they take the place of the lines in the script above.
    fn at_first_call(&self) -> String {
        let sources = self.private.iter().map(|(_, source)| source.as_str());
        let lines = sources.flat_map(str::lines).map(|line| match defined(line) {
            Some(name) => format!("function script:{name} {{\n"),
            None => format!("{line}\n"),
        });
        lines.collect()
    }

    fn exported(&self) -> Vec<String> {
        self.public.iter().map(|(name, _)| name.clone()).collect()
    }

    fn described(&self) -> Result<Vec<Function>> {
        self.public.iter().map(|(_, source)| Function::read(source)).collect()
    }
}

/// A public function that names the file with its help instead.
fn without_help(source: &str) -> String {
    let (before, rest) = source.split_once("    <#\n").unwrap_or((source, ""));
    let (_, after) = rest.split_once("    #>\n").unwrap_or(("", rest));
    format!("{before}    # .EXTERNALHELP {HELP}\n{after}")
}

/// The name of the function that begins on this line.
fn defined(line: &str) -> Option<&str> {
    line.strip_prefix("function ")?.strip_suffix(" {")
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
    fn an_import_reads_the_public_functions_and_a_line_for_each_private_one_that_they_name() {
        let scripts = Scripts::read(&source().join(NATIVE)).unwrap();
        let (import, calls) = (scripts.at_import(), scripts.at_first_call());
        for (name, _) in &scripts.public {
            assert_eq!(import.matches(&format!("\nfunction {name} {{\n    # .EXTERNALHELP ")).count(), 1, "{name}");
        }
        assert!(!import.contains("<#") && !import.contains(".SYNOPSIS"));
        let lines =
            |name: &str| import.matches(&format!("\nfunction {name} {{ Import-EpiCall; {name} @args }}\n")).count();
        for (name, _) in &scripts.private {
            // What the public functions name is there before the first call, and nothing else is.
            let uses = scripts.public.iter().any(|(_, source)| source.contains(&format!("{name} ")));
            assert_eq!(lines(name), usize::from(uses), "{name}");
            assert_eq!(calls.matches(&format!("function script:{name} {{\n")).count(), 1, "{name}");
        }
        assert_eq!((lines("Invoke-EpiOperation"), lines("Get-EpiEndpoint")), (1, 0));
        assert!(calls.contains("\nfunction script:Get-EpiEndpoint {"));
        assert!(import.contains(&format!("'{CALLS}'")), "the start reads that file");
        assert_eq!(scripts.described().unwrap().len(), scripts.public.len());
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
