//! What `epi` says of itself: version, examples, manual pages, completion, and which service it talks to.

use epicloud_emulator::{Config, Emulator, Phase, Speed, Step};

use super::fixture::{Epi, names_in};

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_tells_builds_apart() {
    let epi = Epi::bare();
    for option in ["--version", "-V"] {
        let version = epi.run(&[option]).await.stdout;
        let inside = version.strip_prefix(concat!("epi ", env!("CARGO_PKG_VERSION"), " (")).unwrap();
        let (commit, target) = inside.strip_suffix(")\n").unwrap().split_once(", ").unwrap();
        let is_hash = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_hash || commit == "no commit", "{version}");
        assert!(target.contains(std::env::consts::ARCH) && target.split('-').count() >= 3, "{version}");
    }
}

/// Every help page of a command has an example that the grammar takes, and shows its own options before the common ones.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_an_example_that_works() {
    let epi = Epi::bare();
    let mut places: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(place) = places.pop() {
        let words: Vec<&str> = place.iter().map(String::as_str).chain(["-h"]).collect();
        let help = epi.run(&words).await.stdout;
        if let Some((_, commands)) = help.split_once("\nCommands:\n") {
            let names = commands.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("    "));
            let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
            places.extend(names.map(|name| [&place[..], &[name.to_owned()]].concat()));
            continue;
        }
        seen += 1;
        let command = format!("epi {}", place.join(" "));
        let (_, example) = help.split_once("\nExample:\n  ").unwrap_or_else(|| panic!("no example: {help}"));
        assert!(example.lines().all(|line| line.len() <= 78), "it wraps, and then cannot be pasted: {example}");
        let example = example.replace("\\\n", " ");
        assert!(example.starts_with(&command), "{example}");
        let own = help.find("\nOptions:").unwrap();
        assert!(help.find("\nAccount options:").is_some_and(|common| own < common), "{help}");
        // Refused by the grammar would be exit code 1 with its usage; without credentials it gets further.
        let words: Vec<&str> = example.split(['>', '|']).next().unwrap().split_whitespace().skip(1).collect();
        let run = epi.run(&words).await;
        assert!(!run.stderr.contains("Usage:"), "{example}: {}", run.stderr);
    }
    assert!(seen >= 17, "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn manual_pages_are_printed_and_written() {
    let epi = Epi::bare();
    let page = epi.run(&["man", "deployment", "wait"]).await.stdout;
    assert!(page.contains(".TH epi-deployment-wait 1") && page.contains(r"\-\-until"), "{page}");
    assert!(
        page.contains(concat!("\"epi ", env!("CARGO_PKG_VERSION"), "\"")) && page.contains("EPI_CLIENT_KEY"),
        "{page}"
    );
    assert!(page.contains(".SH EXAMPLES") && !page.contains("EXTRA"), "{page}");
    assert!(epi.run(&["man"]).await.stdout.contains(".TH epi 1"));
    epi.run(&["man", "deployment", "brew"])
        .await
        .refused(1, &["COMMAND", "there is no command 'epi deployment brew'", "epi deployment --help"]);
    assert_eq!(epi.run(&["man", "--output-dir", "pages"]).await.code, Some(0));
    let names = names_in(&epi.path("pages"));
    for name in ["epi.1", "epi-deploy.1", "epi-deployment-wait.1", "epi-export-save.1"] {
        assert!(names.iter().any(|written| written == name), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_offers_environments_databases_and_deployments() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint()).with("COMPLETE", "fish");
    let bare = Epi::bare().with("COMPLETE", "fish");
    for (words, offered) in [
        (&["deploy", "--to", ""][..], &["Integration", "Preproduction", "ADE3"][..]),
        (&["export", "save", "--environment", "P"], &["Preproduction", "Production"]),
        (&["export", "save", "--database", ""], &["epicms", "epicommerce"]),
        (&["storage", "sas", "--environment", ""], &["Integration"]),
        (&["deployment", "co"], &["complete"]),
        (&["deployment", "wait", "--un"], &["--until"]),
    ] {
        let answer = bare.run(&[&["--", "epi"], words].concat()).await.stdout;
        for candidate in offered {
            let found = answer.lines().any(|line| line.split('\t').next() == Some(candidate));
            assert!(found, "{words:?}: {answer}");
        }
    }
    emulator.script(Phase::Deploy, vec![Step::new(1, 100, "AwaitingVerification")]);
    epi.write("site.cms.app.1.nupkg", b"x");
    let deploy = ["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1", "-o", "json"];
    let deployed = Epi::new(&emulator, emulator.endpoint());
    deployed.write("site.cms.app.1.nupkg", b"x");
    let id = deployed.run(&deploy).await.json()["deployment"]["id"].as_str().unwrap().to_owned();
    let answer = epi.run(&["--", "epi", "deployment", "complete", "--id", ""]).await.stdout;
    assert!(answer.starts_with(&format!("{id}\tAwaitingVerification ADE1")), "{answer}");
    // Nobody can be told what is wrong while he types.
    let nothing = bare.run(&["--", "epi", "deployment", "complete", "--id", ""]).await;
    assert!(nothing.code == Some(0) && nothing.stderr.is_empty(), "{nothing:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Epi::bare().run(&["completion", shell]).await;
        assert!(script.code == Some(0) && script.stdout.contains("COMPLETE"), "{shell}: {script:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_the_live_one_is_named() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let connected = epi.run(&["connect"]).await;
    let place = format!("endpoint {} (not the live service)", emulator.endpoint());
    assert!(connected.stdout.contains(&place), "{connected:?}");
    let document = epi.run(&["connect", "-o", "json"]).await.json();
    assert_eq!((document["endpoint"].as_str(), document["live"].as_bool()), (Some(&*emulator.endpoint()), Some(false)));

    epi.write("site.cms.app.1.nupkg", b"x");
    let notice = format!("warning: not the live service: {}", emulator.endpoint());
    let link = emulator.package_link("w", std::time::Duration::from_secs(3600));
    epi.write("link", link.as_bytes());
    for (arguments, said) in [
        (&["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1"][..], true),
        (&["export", "start", "--environment", "Production", "--database", "epicms"], true),
        (&["deployment", "list"], false),
        (&["storage", "containers", "--environment", "Integration"], false),
        // What the symbolic link leads to is the caller's business.
        (
            &[
                "package",
                "upload",
                "site.cms.app.1.nupkg",
                "--blob-name",
                "b.cms.app.1.nupkg",
                "--sas-url-file",
                "link",
            ],
            false,
        ),
        (&["deploy", "site.cms.app.1.nupkg", "--to", "ADE2", "-q"], true),
    ] {
        let run = epi.run(arguments).await;
        assert_eq!(run.stderr.contains(&notice), said, "{arguments:?}: {}", run.stderr);
    }
}
