//! Bad input on the command line: one clear sentence, what to do next, the right exit code, nothing lost, and no
//! request where none is needed.

use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};

use super::fixture::{Epi, names_in, saving};
use super::virtual_time::content;

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, export_size: 1 << 20, ..Config::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_checked_before_any_call() {
    let emulator = emulator().await;
    Epi::bare()
        .run(&["connect"])
        .await
        .refused(1, &["the client key and the client secret are missing", "next:", "API tab"]);
    let epi = || Epi::new(&emulator, emulator.endpoint());
    for (name, value, words) in [
        ("EPI_CLIENT_KEY", "", &["the client key is missing"][..]),
        ("EPI_CLIENT_SECRET", "", &["the client secret is missing"]),
        ("EPI_CLIENT_SECRET", "$(ClientSecret)", &["client secret is invalid", "not expanded"]),
        ("EPI_PROJECT_ID", "", &["the project id is missing"]),
        ("EPI_PROJECT_ID", "42", &["is not a project id", "GUID"]),
        ("EPI_ENDPOINT", "http://paasportal.episerver.net/api/v1.0/", &["plain http", "https"]),
        ("EPI_ENDPOINT", "paasportal", &["EPI_ENDPOINT: is not a URL"]),
        ("EPI_CA_FILE", "missing.pem", &["EPI_CA_FILE: cannot read", "missing.pem"]),
        ("EPI_OUTPUT", "yaml", &["EPI_OUTPUT", "'yaml'", "jsonl"]),
    ] {
        let run = epi().with(name, value).run(&["connect"]).await;
        assert_ne!(run.code, Some(0), "{name}={value}");
        for word in words {
            assert!(run.stderr.contains(word), "'{word}' is not in {run:?}");
        }
    }
    assert!(emulator.requests().is_empty(), "nothing was sent");
    let empty = epi().with("EPI_OUTPUT", "").with("EPI_SAS_URL", "").with("EPI_STATE_DIR", "");
    assert_eq!(empty.run(&["connect"]).await.code, Some(0), "an empty variable counts as not given");

    let wrong = epi().with("EPI_CLIENT_SECRET", "AAAA").run(&["connect"]).await;
    wrong.refused(2, &["401", "check the client key, the client secret and the project id"]);
    let other = epi().with("EPI_PROJECT_ID", "00000000-0000-0000-0000-000000000000").run(&["connect"]).await;
    assert!(matches!(other.code, Some(2 | 3)), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usage_shows_what_is_needed_whatever_the_environment_has() {
    let emulator = emulator().await;
    let run = Epi::new(&emulator, emulator.endpoint()).run(&["deployment", "show"]).await;
    run.refused(1, &["  --id <ID>\n", "Usage: epi deployment show --id <ID>\n"]);
    let run = Epi::new(&emulator, emulator.endpoint()).run(&["deployment", "list", "-q", "-v"]).await;
    run.refused(1, &["cannot be used with", "Usage: epi deployment list --quiet\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_told_with_what_can_name_its_authority() {
    let emulator = emulator().await;
    let run = Epi::new(&emulator, emulator.https_endpoint()).with("EPI_CA_FILE", "").run(&["connect"]).await;
    run.refused(8, &["cannot trust", "--ca-file", "EPI_CA_FILE"]);
    assert!(!run.stderr.contains("SSL_CERT_FILE"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_may_come_from_a_file_or_standard_input_but_never_from_an_argument() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint()).with("EPI_CLIENT_SECRET", "");
    epi.write("secret", format!("\u{feff}{}\r\n", emulator.client_secret()).as_bytes());
    assert_eq!(epi.run(&["connect", "--client-secret-file", "secret"]).await.code, Some(0));
    epi.run(&["connect", "--client-secret-file", "missing"]).await.refused(3, &["--client-secret-file", "missing"]);
    epi.write("empty", b"\n");
    epi.run(&["connect", "--client-secret-file", "empty"]).await.refused(1, &["is empty"]);

    let mut command = epi.command(&["connect", "--client-secret-stdin"]);
    command.stdin(std::fs::File::open(epi.path("secret")).unwrap());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    epi.run(&["connect", "--client-secret", "x"]).await.refused(1, &["unexpected argument '--client-secret'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_looked_at_before_any_call() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("empty.cms.app.1.nupkg", b"");
    epi.write("good.cms.app.1.nupkg", &content(1, 100));
    std::fs::create_dir(epi.path("folder.cms.app.1.nupkg")).unwrap();
    for (file, code, words) in [
        ("missing.cms.app.1.nupkg", 3, "missing.cms.app.1.nupkg"),
        ("empty.cms.app.1.nupkg", 1, "empty"),
        ("folder.cms.app.1.nupkg", 1, "directory"),
        ("-", 1, "standard input cannot be uploaded"),
        ("setup.exe", 1, "not recognized: setup.exe"),
        ("mycms.app.1.0.nupkg", 1, "not recognized"),
    ] {
        for command in [&["package", "upload"][..], &["deploy", "--to", "Integration"]] {
            let run = epi.run(&[command, &["good.cms.app.1.nupkg", file]].concat()).await;
            run.refused(code, &[words]);
        }
    }
    epi.run(&["deploy", "good.cms.app.1.nupkg", "good.cms.app.1.nupkg", "--to", "x"])
        .await
        .refused(1, &["listed twice"]);
    epi.run(&["deploy", "a", "b", "--blob-name", "x", "--to", "x"]).await.refused(1, &["--blob-name"]);
    assert!(emulator.requests().is_empty(), "nothing was sent, not even for the good file");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_target_of_an_export_is_looked_at_before_it_is_started() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("there.bacpac", b"precious");
    std::fs::create_dir(epi.path("folder")).unwrap();
    let save = async |file: &str, more: &[&str]| {
        let save = saving(file);
        epi.run(&[&save[..], more].concat()).await
    };
    save("there.bacpac", &[]).await.refused(4, &["there.bacpac", "exists", "next:", "--force"]);
    save("folder", &[]).await.refused(1, &["folder", "directory"]);
    save("nowhere/x.bacpac", &["--force"]).await.refused(3, &["nowhere"]);
    save("new/", &[]).await.refused(1, &["is not the name of a file"]);
    save("-", &["--force"]).await.refused(1, &["standard output", "'./-'"]);
    std::fs::create_dir(epi.path("taken.bacpac.partial")).unwrap();
    let taken = save("taken.bacpac", &[]).await;
    assert!(taken.code != Some(0) && taken.stderr.contains("taken.bacpac.partial"), "{taken:?}");
    assert!(emulator.requests().is_empty(), "no export was started");
    assert_eq!(std::fs::read(epi.path("there.bacpac")).unwrap(), b"precious");

    assert_eq!(save("there.bacpac", &["--force"]).await.code, Some(0));
    assert_eq!(std::fs::metadata(epi.path("there.bacpac")).unwrap().len(), 1 << 20);
    assert_eq!(save("./-", &[]).await.code, Some(0), "a file may have that name");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_cannot_work_are_refused_before_any_call() {
    let emulator = emulator().await;
    let epi = Epi::bare().with("EPI_CA_FILE", emulator.ca_file().to_str().unwrap());
    epi.write("good.cms.app.1.nupkg", &content(1, 100));
    let hour = std::time::Duration::from_secs(3600);
    for (link, words) in [
        ("nonsense".to_owned(), "not a url"),
        ("https://acct.blob.core.windows.net/deploymentpackages".to_owned(), "signature"),
        ("http://acct.blob.core.windows.net/deploymentpackages?sig=x&sp=w".to_owned(), "http"),
        (emulator.package_link("r", hour), "does not permit writing"),
    ] {
        epi.write("link", link.as_bytes());
        let run = epi.run(&["package", "upload", "good.cms.app.1.nupkg", "--sas-url-file", "link"]).await;
        assert!(matches!(run.code, Some(1 | 2)), "{run:?}");
        assert!(run.stderr.to_lowercase().contains(words), "'{words}' is not in {run:?}");
    }
    assert!(emulator.requests().is_empty(), "nothing was sent");

    // Whether a SAS URL is past its time is for the blob storage to say.
    let expired = emulator.package_link("w", std::time::Duration::ZERO);
    emulator.clock().advance(hour);
    epi.write("link", expired.as_bytes());
    let run = epi.run(&["package", "upload", "good.cms.app.1.nupkg", "--sas-url-file", "link"]).await;
    run.refused(6, &["the SAS URL expired at 20"]);
    assert_eq!(emulator.requests().len(), 1);

    epi.write("link", emulator.package_link("w", hour).as_bytes());
    assert_eq!(epi.run(&["package", "upload", "good.cms.app.1.nupkg", "--sas-url-file", "link"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_is_linked_to_a_deployment_is_refused_at_once_with_both_sentences() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("site.cms.app.1.nupkg", &content(1, 100));
    let deploy =
        ["deploy", "site.cms.app.1.nupkg", "--to", "Integration", "--direct-deploy", "--polling-interval", "1"];
    assert_eq!(epi.run(&deploy).await.code, Some(0));
    let before = emulator.requests().len();
    epi.run(&deploy).await.refused(
        4,
        &[
            "A package named 'site.cms.app.1.nupkg' is already linked to a deployment and cannot be overwritten.",
            "There is currently a lease on the blob and no lease ID was specified in the request.",
        ],
    );
    assert_eq!(emulator.requests().len() - before, 3, "one list, one location and one refused block");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_described() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    for (effect, code, words) in [
        (Effect::LoginPage { status: 200 }, 9, "text/html instead of JSON"),
        (Effect::Failure { errors: vec!["an error of the service".into()] }, 1, "an error of the service"),
        (Effect::status(404), 3, "404"),
        (Effect::status(401), 2, "401"),
    ] {
        emulator.faults().add(Rule::new(effect));
        epi.run(&["deployment", "list"]).await.refused(code, &[words]);
        emulator.faults().clear();
    }
    epi.run(&["deployment", "list", "--output", "yaml"]).await.refused(1, &["yaml"]);
    epi.run(&["deployment", "start", "--to", "x"]).await.refused(1, &["--package"]);
    epi.run(&["export", "start", "--environment", "x", "--database", "other"]).await.refused(1, &["'other'"]);
    assert!(names_in(epi.folder.path()).is_empty());
}
