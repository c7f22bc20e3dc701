//! The PowerShell modules: checked without PowerShell, put together as they are shipped, and tested in that form where
//! `pwsh` is found. Nothing is compiled or downloaded when a module is imported, so everything is put into it here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dotnet;
use crate::failure::{Doing, Failure, Result};
use crate::machine::{left_out, runs};
use crate::nupkg::{self, Description};
use crate::process;
use crate::python;
use crate::workspace::{Profile, Programs, Workspace, copy, fresh};

/// Where the modules are, below the root.
const MODULES: &str = "powershell";
const NATIVE: &str = "EpiCloud.Native";
/// The manifest alone that lets old scripts find the other.
const SHIM: &str = "EpiCloud";
const REQUIREMENTS: &str = "powershell/tests/static/requirements.txt";
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

/// All of it alone, for those who work on the modules.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    check(&workspace)?;
    if missing().is_some() {
        return test(&workspace, None);
    }
    let programs = workspace.build_programs(Profile::Dev)?;
    test(&workspace, Some(&programs))
}

/// Reads the scripts without running them. A person without Python may go on without it; in CI nothing is left out.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    if let Some(reason) = python::missing() {
        return left_out::<()>("the check of the PowerShell scripts", reason).map(drop);
    }
    let requirements = workspace.root.join(REQUIREMENTS);
    let needed = fs::read_to_string(&requirements).doing(format!("cannot read {REQUIREMENTS}"))?;
    let python = python::environment(&workspace.target.join("powershell/venv"), &needed, |python| {
        println!("installing {REQUIREMENTS}");
        process::run(python::pip_install(python).arg("--requirement").arg(&requirements))
    })?;
    let mut tests = Command::new(python);
    tests.current_dir(workspace.root.join(MODULES).join("tests/static")).env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]))
}

/// Runs the tests of the modules as they are shipped, where there is a PowerShell.
pub(crate) fn test(workspace: &Workspace, programs: Option<&Programs>) -> Result<()> {
    let (Some(programs), None) = (programs, missing()) else {
        println!("the PowerShell tests did not run: {}", missing().unwrap_or("there are no programs"));
        return Ok(());
    };
    let Some(folder) = assemble(workspace, &programs.library)? else { return Ok(()) };
    // None: the script itself says that there is no Pester, and whether that is a failure.
    let versions = pester_versions()?.into_iter().map(Some).collect::<Vec<_>>();
    for version in if versions.is_empty() { vec![None] } else { versions } {
        let mut pwsh = pwsh();
        pwsh.arg("-File").arg(workspace.root.join(MODULES).join("tests/Run.ps1"));
        // By the variable of the platform, because the module leaves the folder for state to the library.
        pwsh.env("XDG_STATE_HOME", workspace.target.join("powershell/state"));
        pwsh.arg("-Modules").arg(&folder).arg("-Emulator").arg(&programs.emulator);
        if let Some(version) = version {
            pwsh.arg("-PesterVersion").arg(version);
        }
        process::run(&mut pwsh)?;
    }
    Ok(())
}

fn pwsh() -> Command {
    let mut pwsh = Command::new("pwsh");
    pwsh.args(["-NoLogo", "-NoProfile", "-NonInteractive"]);
    pwsh
}

/// The versions of Pester that can run the tests: people have one or the other, and they differ.
fn pester_versions() -> Result<Vec<String>> {
    let find = "Get-Module -ListAvailable -Name Pester | Where-Object { $_.Version.Major -ge 5 } | \
                ForEach-Object { [string]$_.Version } | Sort-Object -Unique";
    let mut pwsh = pwsh();
    Ok(process::output(pwsh.args(["-Command", find]))?.lines().map(|line| line.trim().to_owned()).collect())
}

/// Packages the modules for users: two folders, their packages for a gallery, and one zip of both. For those who work
/// on them only the folders, with the library that is quick to build.
pub(crate) fn package(workspace: &Workspace, profile: Profile) -> Result<()> {
    let programs = workspace.build_programs(profile)?;
    let folder = assemble(workspace, &programs.library)?
        .ok_or_else(|| Failure::new("the PowerShell module cannot be packaged without its assembly"))?;
    println!("the modules are in {}: put that folder at the front of PSModulePath", folder.display());
    if profile == Profile::Dev {
        return Ok(());
    }
    let place = workspace.target.join("package");
    let native = Manifest::read(&folder.join(NATIVE).join(format!("{NATIVE}.psd1")))?;
    let shim = Manifest::read(&folder.join(SHIM).join(format!("{SHIM}.psd1")))?;
    let [native_version, shim_version] = [native.value("ModuleVersion")?, shim.value("ModuleVersion")?];
    for (name, manifest, version, needs) in
        [(NATIVE, &native, native_version, None), (SHIM, &shim, shim_version, Some((NATIVE, native_version)))]
    {
        let description = Description {
            id: name,
            version,
            text: manifest.value("Description")?,
            authors: manifest.value("Author")?,
            copyright: manifest.value("Copyright")?,
            project: manifest.value("ProjectUri")?,
            tags: &["PSModule", "Optimizely", "DXP", "EpiCloud", "PSEdition_Desktop", "PSEdition_Core"],
            needs,
        };
        let file = place.join(format!("{name}.{version}.nupkg"));
        nupkg::write(&file, &description, &files_below(&folder.join(name))?)?;
        println!("{}", file.display());
    }
    let zip = place.join(format!("{NATIVE}.{native_version}.zip"));
    nupkg::write_zip(&zip, &beside_the_original(files_below(&folder)?, shim_version))?;
    println!("{}", zip.display());
    Ok(())
}

/// The files for a folder of modules that may hold the original too. PowerShell takes the highest of the folders that are
/// named by a version, and a manifest that lies outside of them only when there are none.
fn beside_the_original(files: BTreeMap<String, PathBuf>, version: &str) -> BTreeMap<String, PathBuf> {
    let placed = |name: String| match name.strip_prefix("EpiCloud/") {
        Some(rest) => format!("{SHIM}/{version}/{rest}"),
        None => name,
    };
    files.into_iter().map(|(name, file)| (placed(name), file)).collect()
}

/// Puts both modules together in `target/package/powershell`, with the library of this platform and those that another
/// machine has built into `target/package/native/PLATFORM`.
fn assemble(workspace: &Workspace, library: &Path) -> Result<Option<PathBuf>> {
    let Some(assembly) = dotnet::assembly(workspace)? else { return Ok(None) };
    let source = workspace.root.join(MODULES);
    let folder = workspace.target.join("package/powershell");
    let (native, shim) = (folder.join(NATIVE), folder.join(SHIM));
    fresh(&folder)?;
    for file in [
        "EpiCloud.Native.psd1",
        "EpiCloud.Native.Format.ps1xml",
        "EpiCloud.Native.Types.ps1xml",
        "en-US/about_EpiCloud.Native.help.txt",
    ] {
        copy(&source.join(NATIVE).join(file), &native.join(file))?;
    }
    copy(&source.join(SHIM).join("EpiCloud.psd1"), &shim.join("EpiCloud.psd1"))?;
    copy(&source.join("README.md"), &native.join("README.md"))?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&workspace.root.join(licence), &native.join(licence))?;
    }
    let script = join(&source.join(NATIVE))?;
    fs::write(native.join("EpiCloud.Native.psm1"), script).doing("cannot write the script of the module")?;
    copy(&assembly, &native.join("lib/EpiCloud.Interop.dll"))?;
    let built_elsewhere = workspace.target.join("package/native");
    let here = dotnet::platform()?;
    for (platform, file) in PLATFORMS {
        let built = if platform == here { library.to_path_buf() } else { built_elsewhere.join(platform).join(file) };
        if built.exists() {
            copy(&built, &native.join("lib").join(platform).join(file))?;
        }
    }
    Ok(Some(folder))
}

/// The one script that is shipped: reading thirty files would make the import slow.
fn join(native: &Path) -> Result<String> {
    let read = |path: &Path| fs::read_to_string(path).doing(format!("cannot read {}", path.display()));
    let mut script = read(&native.join("Module.ps1"))?;
    for part in ["Private", "Public"] {
        for file in scripts(&native.join(part))? {
            script.push('\n');
            script.push_str(&read(&file)?);
        }
    }
    script.push_str("\nExport-ModuleMember -Function @(\n");
    for file in scripts(&native.join("Public"))? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        script.push_str(&format!("    '{name}'\n"));
    }
    script.push_str(")\n");
    Ok(script)
}

fn scripts(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = files_below(folder)?.into_values();
    Ok(files.filter(|path| path.extension().is_some_and(|end| end == "ps1")).collect())
}

/// Every file below a folder by its path there, with slashes; sorted, so that packages come out alike.
fn files_below(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
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

/// Why the tests cannot run, if they cannot. Never a failure: most machines of developers have no PowerShell.
fn missing() -> Option<&'static str> {
    let there = runs("pwsh", "-Version");
    (!there).then_some("pwsh is not installed (https://aka.ms/powershell; then also Install-Module Pester)")
}

/// A manifest, of which only texts in quotes on one line are read.
struct Manifest {
    name: String,
    text: String,
}

impl Manifest {
    fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).doing(format!("cannot read {name}"))?;
        Ok(Self { name, text })
    }

    fn value(&self, key: &str) -> Result<&str> {
        let value = self.text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            value.trim().strip_prefix('\'')?.strip_suffix('\'').filter(|_| name.trim() == key)
        });
        value.ok_or_else(|| Failure::new(format!("{} has no {key}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_joined_with_every_function_and_exports_the_public_ones() {
        let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(MODULES).join(NATIVE);
        let script = join(&native).unwrap();
        assert!(script.starts_with("# The start of EpiCloud.Native.psm1"));
        for file in [scripts(&native.join("Private")).unwrap(), scripts(&native.join("Public")).unwrap()].concat() {
            let name = file.file_stem().unwrap().to_str().unwrap();
            assert_eq!(script.matches(&format!("\nfunction {name} {{\n")).count(), 1, "{name}");
        }
        let exported = script.split("Export-ModuleMember -Function @(").nth(1).unwrap();
        assert!(exported.contains("'Connect-EpiCloud'") && !exported.contains("Invoke-EpiOperation"));
    }

    #[test]
    fn the_zip_can_be_unpacked_beside_the_original() {
        let names = ["EpiCloud.Native/EpiCloud.Native.psd1", "EpiCloud/EpiCloud.psd1"];
        let files = names.map(|name| (name.to_owned(), PathBuf::from(name)));
        let placed: Vec<_> = beside_the_original(files.into(), "2.0.0").into_keys().collect();
        assert_eq!(placed, ["EpiCloud.Native/EpiCloud.Native.psd1", "EpiCloud/2.0.0/EpiCloud.psd1"]);
    }

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest { name: "x".into(), text: "@{\n    Author = 'a = b'\n  Tags = @('x')\n}".into() };
        assert_eq!(manifest.value("Author").unwrap(), "a = b");
        assert!(manifest.value("Tags").is_err());
    }
}
