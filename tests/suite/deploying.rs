//! `epi deploy` beside other deployments: what is refused before the upload, what is said after it, and what a second
//! run makes of what the first one left.

use epicloud_emulator::{Config, Effect, Emulator, Phase, Rule, Scenario, Speed, Step};

use super::fixture::{Epi, Run};
use super::virtual_time::content;

const PACKAGE: &str = "site.cms.app.1.0.0.nupkg";

struct Site {
    emulator: Emulator,
    epi: Epi,
}

impl Site {
    async fn with(config: Config) -> Self {
        let emulator = Emulator::start(Config { speed: Speed::Instant, ..config }).await.unwrap();
        let epi = Epi::new(&emulator, emulator.endpoint());
        epi.write(PACKAGE, &content(1, 1000));
        Self { emulator, epi }
    }

    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn deploy(&self, more: &[&str]) -> Run {
        self.epi.run(&[&["deploy", PACKAGE, "--polling-interval", "1"], more].concat()).await
    }

    /// Deploys the package and gives the deployment, which is left in the state that a script brings.
    async fn left_as(&self, status: &str, environment: &str) -> String {
        self.emulator.script(Phase::Deploy, vec![Step::new(1, 100, status)]);
        let started = self.deploy(&["--to", environment, "--output", "json"]).await;
        let document: serde_json::Value = serde_json::from_str(&started.stdout).unwrap();
        document["deployment"]["id"].as_str().unwrap().to_owned()
    }

    fn count(&self, method: &str, part: &str) -> usize {
        self.emulator
            .requests()
            .iter()
            .filter(|request| request.method == method && request.path.contains(part))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_would_refuse_is_refused_before_any_request() {
    let site = Site::new().await;
    site.epi.write("site.cms.sqldb.1.0.0.bacpac", &content(2, 1000));
    for (arguments, words) in [
        (&["--to", "Production", "--direct-deploy"][..], &["--direct-deploy", "Production", "next: leave out"][..]),
        (&["--to", "preproduction", "--direct-deploy"], &["--direct-deploy", "preproduction"]),
        (&["site.cms.sqldb.1.0.0.bacpac", "--to", "Production"], &["FILE", "database", "Production", "next: set --to"]),
        (
            &["--to", "Integration", "--direct-deploy", "--use-maintenance-page"],
            &["--use-maintenance-page: cannot be combined with --direct-deploy"],
        ),
        (
            &["--to", "ADE1", "--direct-deploy", "--zero-downtime-mode", "ReadOnly"],
            &["--zero-downtime-mode: cannot be combined with --direct-deploy"],
        ),
    ] {
        site.deploy(arguments).await.refused(1, words);
    }
    assert!(site.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_target_is_named_before_the_upload() {
    let site = Site::with(Config { scenarios: vec![Scenario::Busy], ..Config::default() }).await;
    let busy = site.deploy(&["--to", "Preproduction"]).await;
    busy.refused(4, &["busy", "Preproduction", "InProgress", "epi deployment wait --id ", "--polling-interval 1"]);
    assert_eq!((site.count("GET", "/deployments"), site.count("PUT", ""), site.count("POST", "")), (1, 0, 0));

    let site = Site::new().await;
    let id = site.left_as("AwaitingVerification", "Preproduction").await;
    site.epi.write("site.cms.app.2.0.0.nupkg", &content(2, 1000));
    let other = site.epi.run(&["deploy", "site.cms.app.2.0.0.nupkg", "--to", "preproduction"]).await;
    let complete = format!("epi deployment complete --id {id} --wait");
    other.refused(4, &["the target environment is busy", &complete, &format!("epi deployment reset --id {id} --wait")]);
    // Another target is free.
    site.emulator.script(Phase::Deploy, vec![Step::new(1, 100, "Succeeded")]);
    let elsewhere = ["deploy", "site.cms.app.2.0.0.nupkg", "--to", "ADE1", "--polling-interval", "1"];
    assert_eq!(site.epi.run(&elsewhere).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_with_an_unusual_name_is_a_warning() {
    let site =
        Site::with(Config { environments: vec!["Staging".into(), "Preproduction".into()], ..Config::default() }).await;
    let run = site.deploy(&["--to", "Staging"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("warning: 'Staging' is not one of the usual environments\n"), "{}", run.stderr);
    site.epi.write("site.cms.app.3.0.0.nupkg", &content(3, 1000));
    let mistyped = site.epi.run(&["deploy", "site.cms.app.3.0.0.nupkg", "--to", "Preprodution"]).await;
    mistyped.refused(1, &["did you mean Preproduction?", "does not exist", "epi deployment start --to Preprodution"]);
    site.epi.write("site.cms.app.2.0.0.nupkg", &content(2, 1000));
    let usual =
        site.epi.run(&["deploy", "site.cms.app.2.0.0.nupkg", "--to", "Preproduction", "--polling-interval", "1"]).await;
    assert!(usual.code == Some(0) && !usual.stderr.contains("warning: '"), "{}", usual.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_the_upload_says_that_the_package_is_up_and_how_to_start_it() {
    let site = Site::new().await;
    let refuse = Effect::Failure { errors: vec!["The window is closed.".into()] };
    site.emulator.faults().add(Rule::new(refuse).method("POST").path("*/deployments").times(1));
    let refused = site.deploy(&["--to", "Preproduction", "--use-maintenance-page", "--strict"]).await;
    let command = format!(
        "epi deployment start --to Preproduction --package {PACKAGE} --use-maintenance-page --wait --polling-interval 1 --strict"
    );
    refused.refused(1, &["the packages are uploaded", "The window is closed.", &command]);
    // The command that was printed works.
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(site.epi.run(&words).await.code, Some(0));
}

/// What a pipeline does after it was interrupted: the same command again.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_recognises_the_deployment_of_the_first() {
    let site = Site::new().await;
    let id = site.left_as("AwaitingVerification", "Preproduction").await;
    site.emulator.clear_requests();
    let again = site.deploy(&["--to", "Preproduction"]).await;
    again.refused(4, &["already being deployed", &id, "AwaitingVerification", "epi deployment complete --id "]);
    assert_eq!(site.count("PUT", ""), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_in_use_is_said_with_its_deployment_and_can_be_reused() {
    let site = Site::new().await;
    let id = site.left_as("AwaitingVerification", "Preproduction").await;
    // Taken by a deployment elsewhere that waits: named with what brings it further.
    let taken = site.deploy(&["--to", "Production"]).await;
    taken.refused(4, &["already linked to a deployment", &format!("deployment {id}"), "epi deployment complete --id "]);
    // Taken by one that has ended: a new version, or the same package again.
    let complete = ["deployment", "complete", "--id", &id, "--wait", "--polling-interval", "1"];
    assert_eq!(site.epi.run(&complete).await.code, Some(0));
    let taken = site.deploy(&["--to", "Production"]).await;
    let ended = format!("deployment {id} (Succeeded) uses it");
    taken.refused(4, &["already linked", &ended, "new version", "--reuse-uploaded"]);

    site.emulator.clear_requests();
    let reused = site.deploy(&["--to", "Production", "--reuse-uploaded", "--output", "json"]).await.json();
    assert_eq!((reused["reused"][0].as_str(), reused["packages"].as_array().map(Vec::len)), (Some(PACKAGE), Some(0)));
    assert_eq!((site.count("PUT", ""), site.count("POST", "/deployments")), (0, 1));
    assert_eq!(reused["deployment"]["parameters"]["packages"][0], PACKAGE);
}

/// The list is asked for to say sooner what the service says anyway.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_stops_no_deployment() {
    for list in [Effect::status(404), Effect::status(403), Effect::status(400)] {
        let site = Site::new().await;
        site.emulator.faults().add(Rule::new(list).method("GET").path("/deployments").times(1));
        let run = site.deploy(&["--to", "ADE1"]).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains("warning: cannot list the deployments"), "{run:?}");
    }
    let site = Site::new().await;
    site.emulator.faults().add(Rule::new(Effect::status(401)).method("GET").path("/deployments"));
    site.deploy(&["--to", "ADE1"]).await.refused(2, &["401"]);
    assert_eq!((site.count("PUT", ""), site.count("POST", "")), (0, 0));
}

/// The list has ten deployments; a lease is older than that sometimes.
#[tokio::test(flavor = "multi_thread")]
async fn a_package_of_a_deployment_that_is_no_longer_listed_is_reused_as_well() {
    let site = Site::new().await;
    site.emulator.put_blob("deploymentpackages", PACKAGE, b"old").unwrap();
    site.emulator.lease("deploymentpackages", PACKAGE).unwrap();
    site.epi.write("site.cms.sqldb.1.0.0.bacpac", &content(2, 1000));
    let more = ["site.cms.sqldb.1.0.0.bacpac", "--to", "Integration"];
    site.deploy(&more).await.refused(4, &["already linked", PACKAGE, "--reuse-uploaded"]);
    let reused = site.deploy(&[&more[..], &["--reuse-uploaded"]].concat()).await;
    assert_eq!(reused.code, Some(0), "{}", reused.stderr);
    assert!(reused.stdout.contains(&format!("reused {PACKAGE}")), "{}", reused.stdout);
    assert!(reused.stdout.contains("uploaded site.cms.sqldb.1.0.0.bacpac"), "{}", reused.stdout);
    assert_eq!(site.emulator.blob("deploymentpackages", PACKAGE).unwrap().len, 3);
}
