//! What a stranger reads first: the lines of the README of the C package, and its examples, as they stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use epicloud_emulator::{Effect, Rule};
use tempfile::TempDir;

use super::program::{Program, find, library, output, package, root};
use super::programs::Fixture;

/// The first block of a language in the README.
fn block(language: &str) -> String {
    let text = fs::read_to_string(root().join("bindings/c/README.md")).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn example(name: &str) -> Program {
    Program::of(&root().join(format!("bindings/c/examples/{name}.c")))
}

/// The package as it looks where it is installed.
fn installed() -> TempDir {
    let prefix = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: PathBuf| {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    let library = library();
    copy(&package().join("include/epicloud.h"), prefix.path().join("include/epicloud.h"));
    copy(&library, prefix.path().join("lib").join(library.file_name().unwrap()));
    for file in ["epicloud-config.cmake", "epicloud-config-version.cmake"] {
        copy(&root().join("bindings/c/cmake").join(file), prefix.path().join("share/epicloud/cmake").join(file));
    }
    let shown = prefix.path().display();
    let description = format!(
        "Name: epicloud\nDescription: test\nVersion: {}\nCflags: -I{shown}/include\n\
         Libs: -L{shown}/lib -lepicloud -Wl,-rpath,{shown}/lib\n",
        env!("CARGO_PKG_VERSION")
    );
    fs::create_dir_all(prefix.path().join("lib/pkgconfig")).unwrap();
    fs::write(prefix.path().join("lib/pkgconfig/epicloud.pc"), description).unwrap();
    prefix
}

#[test]
fn the_readme_goes_from_nothing_to_a_finished_export() {
    let Some(_) = find("pkg-config") else { return };
    let fixture = Fixture::new();
    let prefix = installed();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("save.c"), block("c")).unwrap();
    // As it stands there, with the emulator's account in place of the three words.
    let lines = block("sh")
        .replace("{\"clientKey\":\"KEY\",\"projectId\":\"GUID\"}", &fixture.config())
        .replace("SECRET'", &format!("{}'", fixture.emulator.client_secret()));
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-c", &lines])
        .current_dir(folder.path())
        .env("PKG_CONFIG_PATH", prefix.path().join("lib/pkgconfig"));
    let printed = fixture.run(&mut shell).concat();
    let result: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(result["verified"], "md5", "{result}");
    assert_eq!(fs::metadata(folder.path().join("epicms.bacpac")).unwrap().len(), 3 << 20);
    fixture.close();
}

#[test]
fn the_cmake_package_builds_the_examples() {
    let Some(cmake) = find("cmake") else { return };
    let prefix = installed();
    let build = tempfile::tempdir().unwrap();
    let mut configure = Command::new(cmake);
    configure.arg("-S").arg(root().join("bindings/c/examples")).arg("-B").arg(build.path());
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.path().display()));
    output(&mut configure);
    output(Command::new(cmake).arg("--build").arg(build.path()));
    for name in ["export", "deploy", "cancel"] {
        let status = Command::new(build.path().join(name)).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{name} says how it is used");
    }
}

/// Plays an example to its end: `command` starts it in `folder`, bare or under a tool that watches it.
pub(super) fn play(name: &str, fixture: &Fixture, folder: &Path, mut command: Command) {
    match name {
        "export" => {
            let printed = fixture.run(command.args(["Production", "epicms", "ü \"quoted\".bacpac"])).concat();
            assert!(printed.contains("\"verified\":\"md5\""), "{printed}");
            assert_eq!(fs::metadata(folder.join("ü \"quoted\".bacpac")).unwrap().len(), 3 << 20);
        }
        "deploy" => {
            for name in ["site.cms.app.1.0.0.nupkg", "site.commerce.app.1.0.0.nupkg"] {
                fs::write(folder.join(name), name).unwrap();
            }
            command.args(["Integration", "site.cms.app.1.0.0.nupkg", "site.commerce.app.1.0.0.nupkg"]);
            let printed = fixture.run(&mut command).concat();
            assert!(printed.contains("\"status\":\"AwaitingVerification\""), "{printed}");
        }
        "cancel" => {
            fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").path("/bacpacs/"));
            command.args(["Production", "epicms", "saved.bacpac"]).stderr(Stdio::piped());
            let child = fixture.start(&mut command).stdin(Stdio::null()).spawn().unwrap();
            fixture.wait_for_open_request("/bacpacs/");
            output(Command::new("kill").args(["-INT", &child.id().to_string()]));
            let ended = child.wait_with_output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(130), "{said}");
            assert!(
                said.contains("export started: ") && said.ends_with("cancelled; what was downloaded is kept\n"),
                "{said}"
            );
            assert!(!folder.join("saved.bacpac").exists());
        }
        _ => panic!("nobody knows how to play {name}"),
    }
}

fn passes(name: &str) {
    let fixture = Fixture::new();
    let program = example(name);
    play(name, &fixture, program.folder.path(), program.command());
    fixture.close();
}

#[test]
fn export_saves_a_file() {
    passes("export");
}

#[test]
fn deploy_uploads_and_waits() {
    passes("deploy");
}

#[test]
fn cancel_ends_at_ctrl_c() {
    passes("cancel");
}
