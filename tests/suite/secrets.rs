//! A canary for every secret, and a search through everything a run leaves behind.

use std::path::Path;

use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};

use super::fixture::{Epi, saving};
use super::virtual_time::content;

/// Every file below a folder, with its content.
fn contents(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_shown_or_stored() {
    // A canary secret; 48 bytes of text that nothing else produces.
    let secret = "Q0FOQVJZLXNlY3JldC10aGF0LW11c3Qtbm90LWJlLXNlZW4tYW55d2hlcmU1";
    let config = Config {
        client_secret: Some(secret.into()),
        speed: Speed::Instant,
        export_size: 24 << 20,
        ..Config::default()
    };
    let emulator = Emulator::start(config).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let epi = Epi::new(&emulator, emulator.https_endpoint()).with("HOME", home.path().to_str().unwrap());
    epi.write("site.cms.app.1.nupkg", &content(1, 5 << 20));

    let mut outputs = Vec::new();
    let mut arguments_used = Vec::new();
    let save = saving("x.bacpac");
    for form in ["text", "json", "jsonl"] {
        for command in [
            &["connect"][..],
            &["deployment", "list"],
            &["package", "upload", "site.cms.app.1.nupkg"],
            &[&save[..], &["--force"]].concat(),
            &["deploy", "site.cms.app.1.nupkg", "--to", "Preproduction", "--polling-interval", "1"],
            &["deployment", "show", "--id", "nothing"],
        ] {
            let arguments = [command, &["-vv", "--output", form]].concat();
            let run = epi.run(&arguments).await;
            outputs.push((arguments.join(" "), format!("{}{}", run.stdout, run.stderr)));
            arguments_used.extend(arguments.into_iter().map(str::to_owned));
        }
    }
    // Faults on the way, whose errors name what failed; the cut download leaves its partial file and its journal.
    for effect in
        [Effect::status(403), Effect::ExpiredLink, Effect::error(409, "BlobArchived", "x"), Effect::status(404)]
    {
        emulator.faults().add(Rule::new(effect).query("sig="));
        for command in [&["package", "upload", "site.cms.app.1.nupkg"][..], &[&save[..], &["--force"]].concat()] {
            let run = epi.run(&[command, &["-vv", "--output", "jsonl"]].concat()).await;
            assert_ne!(run.code, Some(0), "{command:?}");
            outputs.push((command.join(" "), format!("{}{}", run.stdout, run.stderr)));
        }
        emulator.faults().clear();
    }
    let refusal = Effect::error(403, "AuthorizationPermissionMismatch", "no");
    emulator.faults().add(Rule::new(refusal).method("GET").path("bacpacs").nth(3));
    let cut =
        epi.run(&[&save[..7], &["left.bacpac", "-vv", "--streams", "1", "--polling-interval", "1"]].concat()[..]).await;
    outputs.push(("cut download".to_owned(), format!("{}{}", cut.stdout, cut.stderr)));
    assert_ne!(cut.code, Some(0), "{cut:?}");

    let mut files = Vec::new();
    contents(epi.folder.path(), &mut files);
    contents(home.path(), &mut files);
    assert!(files.iter().any(|(name, _)| name.contains(".partial")), "the cut download left its state: {cut:?}");

    // The secrets that really travelled: SAS URL signatures and authorization headers, as the emulator received them.
    let mut canaries = vec![secret.to_owned(), "CANARY-secret-that-must-not-be-seen".to_owned()];
    for request in emulator.requests() {
        if let Some(signature) = request.query.split('&').find_map(|part| part.strip_prefix("sig=")) {
            canaries.push(signature.to_owned());
            canaries.push(percent_encoding::percent_decode_str(signature).decode_utf8().unwrap().into_owned());
        }
        if let Some(header) = request.header("authorization") {
            canaries.push(header.rsplit(':').next().unwrap().to_owned());
        }
    }
    canaries.sort();
    canaries.dedup();
    assert!(canaries.len() > 20, "the run used many links and signatures: {}", canaries.len());
    for canary in &canaries {
        for (command, output) in &outputs {
            assert!(!output.contains(canary.as_str()), "'{command}' shows {canary}:\n{output}");
        }
        for (file, bytes) in files.iter().filter(|(_, bytes)| bytes.len() < 1 << 20) {
            assert!(!holds(bytes, canary), "{file} holds {canary}");
        }
        assert!(!arguments_used.iter().any(|argument| argument.contains(canary.as_str())));
    }
    assert!(outputs.iter().any(|(_, output)| output.contains("?***")), "the highest log level was on");
}
