//! The Python package: its wheel, an environment that has it, and its tests. Everything that is fetched or built lies
//! in `target/python`: `tools` has what builds wheels, `build` is cargo's folder for them, `venv` has the wheel.
//!
//! The wheel has a target folder of its own, because maturin moves the shared library out of the one it uses, and
//! because two sets of features would overwrite each other's library there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Doing, Failure, Result};
use crate::machine::{left_out, runs};
use crate::process;
use crate::workspace::{Profile, Programs, Workspace, fresh, make_folder, without_cargo};

/// Where the package is, below the root.
const PACKAGE: &str = "bindings/python";
const REQUIREMENTS: &str = "bindings/python/tests/requirements.txt";
/// What the tests need: the oldest Python that the newest test tools run on. The package itself takes 3.9.
const USABLE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// Builds the wheel, unless nothing changed, and gives the Python of an environment that has it. A person without
/// Python may go on without it; in CI nothing is left out.
pub(crate) fn interpreter(workspace: &Workspace) -> Result<Option<PathBuf>> {
    if let Some(reason) = missing() {
        return left_out("the tests of the Python package", reason);
    }
    let wheel = build(workspace, Profile::Dev, &workspace.target.join("python/wheels"))?;
    install(workspace, &wheel).map(Some)
}

/// The Python of an environment that has the wheel as users get it, and nothing else.
pub(crate) fn optimised(workspace: &Workspace) -> Result<PathBuf> {
    let wheel = package(workspace)?;
    let folder = workspace.target.join("python/optimised");
    environment(&folder, &files(&wheel)?, |python| process::run(pip_install(python).arg(&wheel)))
}

/// Looks at the sources and runs the tests with the Python that [`interpreter`] gave.
pub(crate) fn check(workspace: &Workspace, programs: &Programs, python: &Path) -> Result<()> {
    let package = workspace.root.join(PACKAGE);
    let own = workspace.target.join("python");
    let module = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(python);
        command.current_dir(&package).args(["-m", name]).args(arguments);
        // Nothing is written into the sources.
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("MYPY_CACHE_DIR", own.join("mypy"));
        command
    };
    process::run(&mut module("ruff", &["format", "--no-cache", "--check", "."]))?;
    process::run(&mut module("ruff", &["check", "--no-cache", "."]))?;
    // The package as it is installed, which has the generated declarations, and what uses it.
    process::run(&mut module("mypy", &["--package", "epicloud"]))?;
    process::run(&mut module("mypy", &["examples", "tests"]))?;
    let mut tests = module("pytest", &["-q", "-p", "no:cacheprovider"]);
    // A setting of the person who runs this must not decide whether the tests pass; and no proxy knows this machine.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("EPI_") || name.to_ascii_uppercase().ends_with("_PROXY") {
            tests.env_remove(&*name);
        }
    }
    tests.env("EPI_EMULATOR", &programs.emulator);
    process::run(&mut tests)
}

/// All of it alone, for those who work on the package.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    let programs = workspace.build_programs(Profile::Dev)?;
    match interpreter(&workspace)? {
        Some(python) => check(&workspace, &programs, &python),
        None => Ok(()),
    }
}

/// Builds the wheel for users into `target/package`.
pub(crate) fn package(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(reason) = missing() {
        return Err(Failure::new(format!("the Python package cannot be built: {reason}")));
    }
    let wheel = build(workspace, Profile::Release, &workspace.target.join("package"))?;
    println!("the wheel is {}", wheel.display());
    Ok(wheel)
}

/// Why there is no Python to work with, if there is none.
pub(crate) fn missing() -> Option<String> {
    let usable = || {
        let mut command = Command::new(python());
        command.args(["-c", USABLE]).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let how = "on Debian: apt-get install python3 python3-venv";
    if !runs(python(), "--version") {
        Some(format!("{} is not installed ({how})", python()))
    } else if !usable() {
        Some(format!("{} is older than 3.10, or cannot make environments ({how})", python()))
    } else {
        None
    }
}

fn python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

/// The Python of an environment.
fn python_of(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Builds the wheel into a folder, which then holds no other wheel.
fn build(workspace: &Workspace, profile: Profile, folder: &Path) -> Result<PathBuf> {
    let tools = tools(workspace)?;
    let target = workspace.target.join("python/build");
    make_folder(&target)?;
    let header = workspace.root.join("capi/include/epicloud.h");
    let header = fs::read_to_string(&header).doing(format!("cannot read {}", header.display()))?;
    // Where maturin looks for declarations before it would generate its own, which lack all that macros make.
    let place = target.join("header.h");
    fs::write(&place, declarations(&header)).doing(format!("cannot write {}", place.display()))?;
    remove_wheels(folder)?;
    let mut maturin = Command::new(&tools);
    without_cargo(&mut maturin);
    maturin.current_dir(workspace.root.join(PACKAGE)).args(["-m", "maturin", "build", "--locked", "--quiet"]);
    maturin.arg("--interpreter").arg(&tools).arg("--target-dir").arg(&target).arg("--out").arg(folder);
    match profile {
        // Only this machine will see it.
        Profile::Dev => maturin.args(["--profile", "dev", "--auditwheel", "skip"]),
        Profile::Release => maturin.args(["--release", "--auditwheel", "check"]),
    };
    process::run(&mut maturin)?;
    let built = wheels(folder)?.into_iter().next();
    built.ok_or_else(|| Failure::new(format!("maturin left no wheel in {}", folder.display())))
}

/// The header as cffi reads it: without the preprocessor, except for numbers, and without what is for C and C++ alone.
fn declarations(header: &str) -> String {
    let (before, rest) = header.split_once("#ifndef EPICLOUD_NO_CALLS\n").unwrap_or((header, ""));
    let (_, after) = rest.split_once("#endif  /* EPICLOUD_NO_CALLS */\n").unwrap_or(("", rest));
    let number = |line: &str| {
        let value = line.strip_prefix("#define ").and_then(|rest| rest.split_once(' ')).map(|(_, value)| value);
        value.is_some_and(|value| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let kept = before.lines().chain(after.lines()).filter(|line| match *line {
        "extern \"C\" {" | "}  // extern \"C\"" => false,
        line => !line.starts_with('#') || number(line),
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// The Python that has maturin, in the version that the package names.
fn tools(workspace: &Workspace) -> Result<PathBuf> {
    let manifest = workspace.root.join(PACKAGE).join("pyproject.toml");
    let manifest = fs::read_to_string(&manifest).doing(format!("cannot read {}", manifest.display()))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("requires = "));
    let line = line.ok_or_else(|| Failure::new("pyproject.toml names nothing that builds it"))?;
    let required: Vec<String> = serde_json::from_str(line).doing("cannot read `requires` of pyproject.toml")?;
    let folder = workspace.target.join("python/tools");
    environment(&folder, &required.join("\n"), |python| {
        println!("fetching {} into {}", required.join(" and "), folder.display());
        process::run(pip_install(python).args(&required))
    })
}

/// The Python that has the wheel, and what its tests need. Made anew for each wheel, so that nothing is there that
/// the wheel did not bring.
fn install(workspace: &Workspace, wheel: &Path) -> Result<PathBuf> {
    let requirements = workspace.root.join(REQUIREMENTS);
    let needed = fs::read_to_string(&requirements).doing(format!("cannot read {REQUIREMENTS}"))?;
    let folder = workspace.target.join("python/venv");
    environment(&folder, &format!("{needed}{}", files(wheel)?), |python| {
        println!("installing the wheel and {REQUIREMENTS} into {}", folder.display());
        process::run(pip_install(python).arg(wheel).arg("--requirement").arg(&requirements))
    })
}

/// An environment with a given content: as it is when it was made for the same, otherwise made anew.
pub(crate) fn environment(folder: &Path, content: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let (stamp, python) = (folder.join("content.txt"), python_of(folder));
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == content) {
        println!("{} is up to date", folder.display());
        return Ok(python);
    }
    fresh(folder)?;
    process::run(Command::new(self::python()).args(["-m", "venv"]).arg(folder))?;
    fill(&python)?;
    // Last, so that an environment that was left half made is made again.
    fs::write(&stamp, content).doing(format!("cannot write {}", stamp.display()))?;
    Ok(python)
}

pub(crate) fn pip_install(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    command
}

/// What tells two wheels apart: the files in them. The list of parts is left out, as it has a new number and the time
/// each time it is made, and so is what repeats its checksum.
fn files(wheel: &Path) -> Result<String> {
    let cannot = || format!("cannot read {}", wheel.display());
    let mut archive = zip::ZipArchive::new(fs::File::open(wheel).doing(cannot())?).doing(cannot())?;
    let mut files = String::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).doing(cannot())?;
        let name = file.name().doing(cannot())?;
        if !name.contains("/sboms/") && !name.ends_with("/RECORD") {
            files += &format!("{name} {:08x}\n", file.crc32());
        }
    }
    Ok(files)
}

fn wheels(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).doing(cannot())?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().doing(cannot())?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "whl")).collect())
}

fn remove_wheels(folder: &Path) -> Result<()> {
    make_folder(folder)?;
    wheels(folder)?.iter().try_for_each(|wheel| fs::remove_file(wheel).doing("cannot remove an old wheel"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_loses_what_cffi_cannot_read() {
        let header = "#ifndef X\n#define X\n#include <stdint.h>\n#define EPI_VERSION \"0.1.0\"\n#define EPI_MAJOR 0\n\
                      #ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\nint32_t f(void);\n\
                      #ifndef EPICLOUD_NO_CALLS\nstatic inline int32_t g(void)\n{\n}\n#endif  /* EPICLOUD_NO_CALLS */\n\
                      #ifdef __cplusplus\n}  // extern \"C\"\n#endif  // __cplusplus\n#define INIT { 0, 0 }\n#endif\n";
        assert_eq!(declarations(header), "#define EPI_MAJOR 0\nint32_t f(void);\n");
    }
}
