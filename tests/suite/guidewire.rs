//! Guidewire Cloud: the acceptance cases G1 to G15 of its specification, the conformance cases C1 to C15 of the export job
//! model that concern it, and what its client must refuse or notice.

use std::sync::Arc;
use std::time::Duration;

use epicloud::base::event::Recording;
use epicloud::base::time::Clock as _;
use epicloud::export::provider::Provider;
use epicloud::guidewire::contract::StarSystemList;
use epicloud::guidewire::export_job::Backups;
use epicloud::limits::RetentionDays;
use epicloud::{CancelToken, Client, Error, Event, GuidewireConfig, Kind, Result, Scope, Secret};
use epicloud_emulator::guidewire::{self, Envelope, Planet, Planted, Spelling};
use epicloud_emulator::{Config, Effect, Emulator, Recorded, Rule, Speed, Step};
use serde_json::{Value, json};

use super::scripted::{Scripted, answer};
use super::virtual_time::{Seeded, TestClock, cancelled_at};

const HOUR: Duration = Duration::from_secs(3600);
const CREATE: &str = "guidewire.backup.create";
const GET: &str = "guidewire.backup.get";
const LIST: &str = "guidewire.backup.list";
const WAIT: &str = "guidewire.backup.wait";
const DELETE: &str = "guidewire.backup.delete";

/// An emulator and a client in this process, on one virtual clock.
struct Cloud {
    emulator: Arc<Emulator>,
    clock: Arc<TestClock>,
    client: Client,
    recording: Arc<Recording>,
    cancel: CancelToken,
    scope: Scope,
}

impl Cloud {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With another configuration of the client.
    async fn with(change: impl FnOnce(&mut GuidewireConfig)) -> Self {
        let config = Config { speed: Speed::Manual, ..Config::default() };
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        // So that no pause of a wait is as long as the limits, which only time that passes ends.
        emulator.guidewire().change(|switches| switches.running_ms = 100_000);
        let clock = TestClock::moving(&emulator);
        let mut config = configuration(&emulator);
        change(&mut config);
        let client = client(&config, emulator.guidewire().client_secret(), &clock).unwrap();
        let recording = Arc::new(Recording::default());
        let cancel = CancelToken::new();
        let scope = Scope::new(recording.clone(), cancel.clone());
        Self { emulator, clock, client, recording, cancel, scope }
    }

    /// Another client of the same service, as another machine has it.
    fn other(&self, change: impl FnOnce(&mut GuidewireConfig)) -> Result<Client> {
        let mut config = configuration(&self.emulator);
        change(&mut config);
        client(&config, self.emulator.guidewire().client_secret(), &self.clock)
    }

    async fn run(&self, operation: &str, document: Value) -> Result<Value> {
        self.client.run_document(operation, document, &self.scope).await
    }

    async fn refused(&self, operation: &str, document: Value) -> Error {
        self.run(operation, document).await.unwrap_err()
    }

    fn rule(&self, effect: Effect) -> Rule {
        Rule::new(effect).service("guidewire")
    }

    /// The requests so far, those for tokens left out, as `METHOD path-below-the-star-system`.
    fn requests(&self) -> Vec<String> {
        let below = |request: &Recorded| request.path.split_once("/starsystems/").map(|(_, path)| path.to_owned());
        let requests = self.emulator.requests();
        requests.iter().filter_map(|request| Some(format!("{} {}", request.method, below(request)?))).collect()
    }

    fn posts(&self) -> usize {
        self.requests().iter().filter(|request| request.starts_with("POST ")).count()
    }

    fn events(&self, fits: impl Fn(&Event) -> Option<String>) -> Vec<String> {
        self.recording.events().iter().filter_map(fits).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.events(|event| if let Event::Warning { text } = event { Some(text.clone()) } else { None })
    }

    /// The statuses that a wait has told, each once in a row.
    fn statuses(&self) -> Vec<String> {
        let mut told = self.events(|event| match event {
            Event::Progress(progress) => progress.status.clone(),
            _ => None,
        });
        told.dedup();
        told
    }

    fn script(&self, steps: &[(u64, &str)]) {
        let step = |(delay_ms, status): &(u64, &str)| Step {
            delay_ms: *delay_ms,
            status: Some((*status).to_owned()),
            ..Step::default()
        };
        self.emulator.guidewire().script(steps.iter().map(step).collect());
    }
}

fn configuration(emulator: &Emulator) -> GuidewireConfig {
    let service = emulator.guidewire();
    GuidewireConfig {
        endpoint: Some(service.endpoint()),
        token_url: Some(service.token_url()),
        client_id: Some(service.client_id().to_owned()),
        tenant_id: Some(service.tenant().to_owned()),
        star_system_id: Some(service.star_system().to_owned()),
        ca_file: Some(emulator.ca_file().to_owned()),
        ..GuidewireConfig::default()
    }
}

fn client(config: &GuidewireConfig, secret: &str, clock: &Arc<TestClock>) -> Result<Client> {
    Client::with_sources(config.clone(), Some(&Secret::from(secret)), clock.clone(), Arc::new(Seeded::printed()))
}

/// The request for a backup that is kept ten days, with these members besides.
fn order(more: &Value) -> Value {
    let mut document = json!({"planetId": "dev1", "planetClass": "dev", "retentionDays": 10});
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    document
}

fn waiting(seconds: u64) -> Value {
    json!({"pollingIntervalSeconds": seconds})
}

#[tokio::test]
async fn g1_create_poll_ready() {
    let cloud = Cloud::new().await;
    let request = order(&json!({"name": "sample backup", "description": "This is a sample backup.", "wait": {}}));
    let record = cloud.run(CREATE, request).await.unwrap();
    assert_eq!(
        (&record["service"], &record["state"], &record["status"]),
        (&json!("guidewire"), &json!("succeeded"), &json!("succeeded"))
    );
    assert_eq!(record["artifact"], json!({"kind": "reference", "id": "362", "mechanism": "logical"}));
    assert_eq!((&record["subject"], &record["evidence"]), (&json!("dev1 (claims-dev)"), &json!("strong")));
    for (time, source) in
        [("requested", "observed"), ("started", "service"), ("completed", "service"), ("expires", "service")]
    {
        assert_eq!(record["times"][time]["source"], source, "{record}");
    }
    assert_eq!(record["object"], cloud.emulator.guidewire().backups()[0]);
    assert!(record.get("failure").is_none() && record["handle"].as_str().unwrap().starts_with("gw:"), "{record}");
    let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
    assert_eq!(cloud.clock.pauses(), [10.0, 15.0, 22.5, 33.75, 50.625].map(seconds));
    assert_eq!(cloud.statuses(), ["pending", "inProgress", "succeeded"]);
    let mut expected = vec!["POST claims-dev/planets/dev1/backups".to_owned()];
    expected.extend(vec!["GET claims-dev/backups/362".to_owned(); 5]);
    assert_eq!(cloud.requests(), expected);

    let requests = cloud.emulator.requests();
    let token = &requests[0];
    assert_eq!(token.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(token.header("authorization"), None, "the credentials are in the form");
    let client_id = cloud.emulator.guidewire().client_id();
    let form = "grant_type=client_credentials&scope=tenant.acme+gcc.deployments.read+gcc.deployments.write";
    assert_eq!(String::from_utf8_lossy(&token.body), format!("{form}&client_id={client_id}&client_secret=***"));
    for request in &requests[1..] {
        let is_post = request.method == "POST";
        assert_eq!(request.header("authorization"), Some("Bearer ***"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("content-type"), is_post.then_some("application/json"));
    }
    assert_eq!(
        serde_json::from_slice::<Value>(&requests[1].body).unwrap(),
        json!({"mechanism": "logical", "planetClass": "dev", "temporary": true, "retentionPeriodInDays": 10,
               "metadata": {"name": "sample backup", "description": "This is a sample backup."}})
    );
    assert!(cloud.warnings().is_empty());
}

#[tokio::test]
async fn g2_failed_with_message() {
    let cloud = Cloud::new().await;
    let fail = || {
        let failed = Step { delay_ms: 20_000, status: Some("failed".into()), ..Step::default() };
        cloud.emulator.guidewire().script(vec![failed.error("disk full")]);
    };
    fail();
    let error = cloud.refused(CREATE, order(&json!({"wait": {}}))).await;
    assert_eq!((error.kind(), error.texts()), (Kind::JobFailed, &["disk full".to_owned()][..]));
    assert_eq!(error.message(), "the backup 362 of dev1 (claims-dev) failed: disk full");
    let waited = cloud.refused(WAIT, json!({"id": "362"})).await;
    assert_eq!((waited.kind(), waited.message()), (Kind::JobFailed, error.message()));
    fail();
    let record = cloud.run(CREATE, order(&json!({"wait": {}, "allowFailed": true}))).await.unwrap();
    assert_eq!((&record["state"], &record["failure"]["status"]), (&json!("failed"), &json!("JOB_FAILED")));
    assert!(record.get("artifact").is_none());
    let record = cloud.run(GET, json!({"id": "362"})).await.unwrap();
    assert_eq!((&record["state"], &record["object"]["errorMessage"]), (&json!("failed"), &json!("disk full")));
}

#[tokio::test]
async fn g3_list_planet_and_star_system_by_both_spellings() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.add_planet(Planet::new("acme", "claims-dev", "dev2", "dev"));
    for planet in ["dev1", "dev2", "preprod1"] {
        service.plant(Planted { planet: planet.into(), ..Planted::default() }).unwrap();
    }
    let ids = |list: Value| -> Vec<String> {
        let records = list.as_array().unwrap().iter();
        records.map(|record| format!("{} {}", record["object"]["id"], record["subject"].as_str().unwrap())).collect()
    };
    assert_eq!(ids(cloud.run(LIST, json!({"planetId": "dev2"})).await.unwrap()), ["363 dev2 (claims-dev)"]);
    let both = ["363 dev2 (claims-dev)", "362 dev1 (claims-dev)"];
    for (served, configured, paths) in [
        (Spelling::Both, None, &["backup", "backup"][..]),
        (Spelling::Backups, None, &["backup", "backups", "backups"]),
        (Spelling::Backup, Some(StarSystemList::Backups), &["backups", "backup", "backup"]),
        (Spelling::Backups, Some(StarSystemList::Backups), &["backups", "backups"]),
    ] {
        service.change(|switches| switches.star_system_list = served);
        let client = cloud.other(|config| config.star_system_list = configured).unwrap();
        cloud.emulator.clear_requests();
        for _ in 0..2 {
            assert_eq!(ids(client.run_document(LIST, json!({}), &cloud.scope).await.unwrap()), both);
        }
        let expected: Vec<String> = paths.iter().map(|path| format!("GET claims-dev/{path}")).collect();
        assert_eq!(cloud.requests(), expected, "{served:?}");
    }
    // 405 is as good as 404; where neither is there, the first answer counts, and nothing is remembered.
    service.change(|switches| switches.star_system_list = Spelling::Both);
    cloud.emulator.faults().add(cloud.rule(Effect::status(405)).path("*/backup"));
    assert_eq!(ids(cloud.run(LIST, json!({})).await.unwrap()), both);
    cloud.emulator.faults().clear();
    let unknown = cloud.other(|config| config.star_system_id = Some("nothing".into())).unwrap();
    let error = unknown.run_document(LIST, json!({}), &cloud.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.next_step()), (Kind::NotFound, Some("check tenantId and starSystemId")));
    let error = cloud.refused(LIST, json!({"planetId": "nothing"})).await;
    assert_eq!(error.next_step(), Some("check planetId, and tenantId and starSystemId"));
}

#[tokio::test]
async fn g4_delete_then_404() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    let id = |id: &str| json!({"id": id});
    service.plant(Planted::default()).unwrap();
    let record = cloud.run(DELETE, id("362")).await.unwrap();
    assert_eq!((&record["state"], &record["object"]), (&json!("deleted"), &json!({"id": "362"})));
    assert!(record.get("failure").is_none(), "{record}");
    for operation in [GET, WAIT, DELETE] {
        let error = cloud.refused(operation, id("362")).await;
        assert_eq!((error.kind(), error.http_status()), (Kind::NotFound, Some(404)), "{operation}");
        assert_eq!(error.next_step(), Some("check id, and tenantId and starSystemId"));
    }
    let again = cloud.run(DELETE, json!({"id": "362", "ifExists": true})).await.unwrap();
    assert_eq!(again["state"], "deleted");
    // The handle knows why it is gone.
    let seen = cloud.run("job.get", json!({"handle": record["handle"]})).await.unwrap();
    assert_eq!((&seen["state"], &seen["failure"]["status"]), (&json!("deleted"), &json!("NOT_FOUND")));
    assert_eq!(cloud.refused("job.wait", json!({"handle": record["handle"]})).await.kind(), Kind::NotFound);

    // One that takes its time is waited for.
    service.change(|switches| switches.delete_ms = 12_000);
    service.plant(Planted::default()).unwrap();
    cloud.emulator.clear_requests();
    let record = cloud.run(DELETE, id("363")).await.unwrap();
    assert_eq!((&record["state"], &record["object"]["id"]), (&json!("deleted"), &json!(363)));
    assert!(service.backups().is_empty());
    assert_eq!(cloud.requests().len(), 4, "one deletion and looks until 404: {:?}", cloud.requests());

    // One that is being made is in the way, and says how to wait for it.
    service.change(|switches| switches.delete_ms = 0);
    cloud.run(CREATE, order(&json!({}))).await.unwrap();
    let error = cloud.refused(DELETE, id("364")).await;
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.next_step().unwrap().ends_with(r#"guidewire.backup.wait with {"id":"364"}"#), "{error:?}");
}

#[tokio::test]
async fn a_deletion_without_an_answer_is_looked_after() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.plant(Planted::default()).unwrap();
    cloud.emulator.faults().add(cloud.rule(Effect::LostAnswer).method("DELETE"));
    assert_eq!(cloud.run(DELETE, json!({"id": "362"})).await.unwrap()["state"], "deleted");
    cloud.emulator.faults().clear();
    service.plant(Planted::default()).unwrap();
    cloud.emulator.faults().add(cloud.rule(Effect::Reset).method("DELETE"));
    let error = cloud.refused(DELETE, json!({"id": "363"})).await;
    assert_eq!(error.kind(), Kind::Ambiguous);
    assert!(error.next_step().unwrap().ends_with(r#"guidewire.backup.get with {"id":"363"}"#), "{error:?}");
    let deletions = cloud.requests().iter().filter(|request| request.starts_with("DELETE")).count();
    assert_eq!((deletions, service.backups().len()), (2, 1), "no deletion is sent twice");
}

#[tokio::test]
async fn g5_token_expiry_in_the_middle_of_a_long_poll() {
    let cloud = Cloud::new().await;
    cloud.script(&[(5_000, "inProgress"), (2 * 3_600_000, "succeeded")]);
    let record = cloud.run(CREATE, order(&json!({"wait": waiting(50)}))).await.unwrap();
    assert_eq!(record["state"], "succeeded");
    assert_eq!(cloud.emulator.guidewire().tokens_issued(), 3, "one for each hour that was begun");
    assert!(cloud.emulator.requests().iter().all(|request| request.status != Some(401)), "renewed before it ends");
}

#[tokio::test]
async fn a_token_is_renewed_when_less_than_two_minutes_are_left() {
    let cloud = Cloud::new().await;
    cloud.emulator.guidewire().plant(Planted::default()).unwrap();
    for (minutes, issued) in [(0, 1), (57, 1), (2, 2), (57, 2), (2, 3)] {
        cloud.clock.advance(Duration::from_secs(60 * minutes));
        cloud.run(GET, json!({"id": "362"})).await.unwrap();
        assert_eq!(cloud.emulator.guidewire().tokens_issued(), issued);
    }
}

/// A token that ends early is renewed at the first 401, once for all requests that met it.
#[tokio::test]
async fn c7_authorization_that_ends_in_the_middle() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.plant(Planted::default()).unwrap();
    let get = || cloud.run(GET, json!({"id": "362"}));
    get().await.unwrap();
    for round in 1..=3 {
        service.expire_tokens();
        let all = tokio::join!(get(), get(), get(), get(), get(), get());
        for outcome in [all.0, all.1, all.2, all.3, all.4, all.5] {
            assert_eq!(outcome.unwrap()["state"], "succeeded");
        }
        assert_eq!(service.tokens_issued(), 1 + round);
    }
    // A request that changes something is sent again too: the service has not carried it out.
    service.expire_tokens();
    let record = cloud.run(CREATE, order(&json!({"wait": {}}))).await.unwrap();
    assert_eq!((&record["state"], service.backups().len()), (&json!("succeeded"), 2));
    // Once is enough: where another token is refused as well, it is not the token.
    cloud.emulator.faults().add(cloud.rule(Effect::status(401)).path("/starsystems/"));
    cloud.emulator.clear_requests();
    let error = get().await.unwrap_err();
    assert_eq!((error.kind(), cloud.requests().len()), (Kind::Unauthenticated, 2));
}

/// Requests that begin together share one token, and one failure to get one.
#[tokio::test]
async fn one_request_for_a_token_serves_all() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.plant(Planted::default()).unwrap();
    let get = || cloud.run(GET, json!({"id": "362"}));
    cloud.emulator.faults().add(cloud.rule(Effect::LoginPage { status: 200 }).path("/oauth2/"));
    let all = tokio::join!(get(), get(), get(), get());
    for outcome in [all.0, all.1, all.2, all.3] {
        assert_eq!(outcome.unwrap_err().kind(), Kind::Protocol);
    }
    assert_eq!(cloud.emulator.requests().len(), 1, "the failure is everybody's");
    cloud.emulator.faults().clear();
    let all = tokio::join!(get(), get(), get(), get());
    assert!([all.0, all.1, all.2, all.3].iter().all(Result::is_ok));
    assert_eq!(service.tokens_issued(), 1);
    // A short token serves more than one request.
    service.change(|switches| switches.token_seconds = 60);
    service.expire_tokens();
    for _ in 0..5 {
        get().await.unwrap();
    }
    assert_eq!(service.tokens_issued(), 2);
}

/// Whoever gets the token may be stopped; the others go on.
#[tokio::test]
async fn a_cancelled_request_for_a_token_stops_nobody_else() {
    let cloud = Cloud::new().await;
    cloud.emulator.guidewire().plant(Planted::default()).unwrap();
    cloud.emulator.faults().add(cloud.rule(Effect::Stall).path("/oauth2/").times(1));
    let other = Scope::silent();
    let first = cancelled_at(
        "the request for a token",
        || !cloud.emulator.requests().is_empty(),
        &cloud.cancel,
        cloud.run(GET, json!({"id": "362"})),
    );
    let second = cloud.client.run_document(GET, json!({"id": "362"}), &other);
    let ((), second) = tokio::join!(first, second);
    assert_eq!(second.unwrap()["state"], "succeeded");
}

#[tokio::test]
async fn g6_wrong_tenant_scope_403() {
    let cloud = Cloud::with(|config| {
        config.tenant_id = Some("other".into());
        config.scopes = Some("tenant.acme gcc.deployments.read gcc.deployments.write".into());
    })
    .await;
    cloud.emulator.guidewire().add_planet(Planet::new("other", "claims-dev", "dev1", "dev"));
    for (operation, document) in
        [("guidewire.connect", json!({})), (CREATE, order(&json!({}))), (GET, json!({"id": "1"}))]
    {
        let error = cloud.refused(operation, document).await;
        assert_eq!((error.kind(), error.http_status()), (Kind::Forbidden, Some(403)), "{operation}");
        assert_eq!(error.texts(), ["You are not authorized to access this resource"]);
        assert!(error.next_step().unwrap().starts_with("check tenantId, starSystemId and scopes"), "{error:?}");
    }
    // By default the scope is that of the tenant, which the client may not ask for.
    let usual = cloud.other(|config| config.tenant_id = Some("other".into())).unwrap();
    let error = usual.run_document(LIST, json!({}), &cloud.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, Some("invalid_scope")));
    assert!(error.next_step().unwrap().contains("scopes"), "{error:?}");
}

#[tokio::test]
async fn g7_lost_create_answer_no_duplicate_made() {
    let lose = |cloud: &Cloud, effect| cloud.emulator.faults().add(cloud.rule(effect).method("POST").path("/planets/"));
    for (more, evidence) in
        [(json!({"name": "nightly"}), "weak"), (json!({"name": "nightly", "uniqueName": true}), "strong")]
    {
        let cloud = Cloud::new().await;
        let service = cloud.emulator.guidewire();
        // The same name of yesterday, and others of now.
        let old = Planted { name: Some("nightly".into()), age_ms: 86_400_000, ..Planted::default() };
        service.plant(old).unwrap();
        service.plant(Planted { name: Some("other".into()), ..Planted::default() }).unwrap();
        lose(&cloud, Effect::LostAnswer);
        let mut request = order(&more);
        request["wait"] = json!({});
        let record = cloud.run(CREATE, request).await.unwrap();
        assert_eq!((&record["object"]["id"], &record["state"]), (&json!(364), &json!("succeeded")));
        assert_eq!((&record["evidence"], cloud.posts(), service.backups().len()), (&json!(evidence), 1, 3));
        assert_eq!(cloud.warnings().len(), usize::from(evidence == "weak"), "{:?}", cloud.warnings());
        let name = record["object"]["metadata"]["name"].as_str().unwrap();
        assert_eq!(name.len(), if evidence == "strong" { "nightly-01234567".len() } else { "nightly".len() });
        let again = cloud.run("job.get", json!({"handle": record["handle"]})).await.unwrap();
        assert_eq!(again["evidence"], evidence, "the doubt travels in the handle");
    }
    // What cannot be found is not made again.
    for (more, effect, made) in [
        (json!({"name": "nightly"}), Effect::Reset, 0),
        (json!({"name": "nightly", "uniqueName": true}), Effect::Reset, 0),
        (json!({}), Effect::LostAnswer, 1),
    ] {
        let cloud = Cloud::new().await;
        let old = Planted { name: Some("nightly".into()), age_ms: 60_000, ..Planted::default() };
        cloud.emulator.guidewire().plant(old).unwrap();
        lose(&cloud, effect);
        let error = cloud.refused(CREATE, order(&more)).await;
        assert_eq!(error.kind(), Kind::Ambiguous, "{more}");
        let step = error.next_step().unwrap();
        assert!(step.contains(r#"guidewire.backup.list with {"planetId":"dev1"}"#), "{step}");
        assert_eq!(step.contains("uniqueName"), made == 1, "{step}");
        assert_eq!((cloud.posts(), cloud.emulator.guidewire().backups().len()), (1, 1 + made), "{more}");
    }
}

/// The service's clock decides what is older than the request, not ours.
#[tokio::test]
async fn a_lost_backup_is_found_by_the_clock_of_the_service() {
    for ms in [-3_600_000, 3_600_000] {
        let cloud = Cloud::new().await;
        cloud.emulator.faults().add(cloud.rule(Effect::ClockSkew { ms }));
        cloud.emulator.faults().add(cloud.rule(Effect::LostAnswer).method("POST").path("/planets/"));
        // By the service's clock it was begun before the request, though by ours perhaps not.
        let before = u64::try_from(60_000 - ms).unwrap_or_default();
        let old = Planted { name: Some("n".into()), age_ms: before, ..Planted::default() };
        cloud.emulator.guidewire().plant(old).unwrap();
        let record = cloud.run(CREATE, order(&json!({"name": "n", "wait": {}}))).await.unwrap();
        assert_eq!((&record["object"]["id"], cloud.posts()), (&json!(363), 1), "{ms}");
    }
}

#[tokio::test]
async fn c5_lost_post_answer_in_each_form() {
    for (status, body, more) in
        [(200, true, json!({})), (202, true, json!({})), (201, false, json!({})), (202, false, json!({}))]
    {
        let cloud = Cloud::new().await;
        cloud.emulator.guidewire().change(|switches| {
            switches.create_status = status;
            switches.create_body = body;
            switches.id_as_text = !body;
        });
        let record = cloud.run(CREATE, order(&more)).await.unwrap();
        assert_eq!((&record["state"], &record["evidence"]), (&json!("queued"), &json!("strong")), "{status} {body}");
        assert_eq!(record["object"], cloud.emulator.guidewire().backups()[0]);
        assert_eq!(cloud.requests().len(), if body { 1 } else { 2 });
    }
    // An answer that leads nowhere: the newest of this name is taken.
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    let old = Planted { name: Some("nightly".into()), age_ms: 86_400_000, ..Planted::default() };
    service.plant(old).unwrap();
    cloud.emulator.faults().add(cloud.rule(Effect::Truncate { keep: 0 }).method("POST").path("/planets/"));
    let record = cloud.run(CREATE, order(&json!({"name": "nightly"}))).await.unwrap();
    assert_eq!((&record["object"]["id"], cloud.posts()), (&json!(363), 1));
}

#[tokio::test]
async fn g8_temporary_backup_expires() {
    let cloud = Cloud::new().await;
    let record = cloud.run(CREATE, order(&json!({"retentionDays": 1, "wait": {}}))).await.unwrap();
    let started = cloud.run(CREATE, order(&json!({"retentionDays": 1}))).await.unwrap();
    assert_eq!((&record["state"], &started["state"]), (&json!("succeeded"), &json!("queued")));
    cloud.clock.advance(25 * HOUR);
    for handle in [&record["handle"], &started["handle"]] {
        let seen = cloud.run("job.get", json!({"handle": handle})).await.unwrap();
        assert_eq!((&seen["state"], &seen["failure"]["status"]), (&json!("expired"), &json!("EXPIRED")));
        let error = cloud.refused("job.wait", json!({"handle": handle})).await;
        assert_eq!(error.kind(), Kind::Expired);
        assert!(error.next_step().unwrap().contains("retentionDays"), "{error:?}");
        let allowed = json!({"handle": handle, "allowFailed": true});
        assert_eq!(cloud.run("job.wait", allowed).await.unwrap()["state"], "expired");
    }
    // The id alone does not say why it is gone.
    assert_eq!(cloud.refused(GET, json!({"id": "362"})).await.kind(), Kind::NotFound);
}

#[tokio::test]
async fn an_expired_backup_that_stays_is_expired() {
    let cloud = Cloud::new().await;
    cloud.emulator.guidewire().change(|switches| switches.expired_stays = true);
    let planted = Planted { age_ms: 48 * 3_600_000, retention_days: Some(1), ..Planted::default() };
    cloud.emulator.guidewire().plant(planted).unwrap();
    assert_eq!(cloud.run(GET, json!({"id": "362"})).await.unwrap()["state"], "expired");
    assert_eq!(cloud.refused(WAIT, json!({"id": "362"})).await.kind(), Kind::Expired);
}

#[tokio::test]
async fn c13_expired_is_told_apart_from_failed() {
    let cloud = Cloud::new().await;
    cloud.script(&[(1_000, "failed")]);
    let request = order(&json!({"retentionDays": 1, "wait": {}, "allowFailed": true}));
    let failed = cloud.run(CREATE, request).await.unwrap();
    assert_eq!((&failed["state"], &failed["failure"]["status"]), (&json!("failed"), &json!("JOB_FAILED")));
    cloud.clock.advance(25 * HOUR);
    let error = cloud.refused("job.get", json!({"handle": failed["handle"]})).await;
    assert_eq!(error.kind(), Kind::NotFound, "one that failed has never been good");
    // Gone before its time is neither.
    let record = cloud.run(CREATE, order(&json!({"wait": {}}))).await.unwrap();
    let other = cloud.other(|_| {}).unwrap();
    other.run_document(DELETE, json!({"id": record["object"]["id"].to_string()}), &cloud.scope).await.unwrap();
    let error = cloud.refused("job.get", json!({"handle": record["handle"]})).await;
    assert_eq!(error.kind(), Kind::NotFound);
}

#[tokio::test]
async fn g9_permanent_has_null_expiration() {
    let cloud = Cloud::new().await;
    let request = order(&json!({"retentionDays": null, "permanent": true, "wait": {}}));
    let record = cloud.run(CREATE, request).await.unwrap();
    assert_eq!((&record["object"]["expirationDate"], &record["object"]["type"]), (&Value::Null, &json!("permanent")));
    assert_eq!(record["times"].get("expires"), None);
    let body = cloud.emulator.requests()[1].body.clone();
    let sent: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(sent, json!({"mechanism": "logical", "planetClass": "dev", "temporary": false}));
    cloud.clock.advance(1_000 * HOUR);
    assert_eq!(cloud.run("job.get", json!({"handle": record["handle"]})).await.unwrap()["state"], "succeeded");
}

#[tokio::test]
async fn g10_unknown_members_survive_a_round_trip() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.change(|switches| switches.extra_members = true);
    let created = cloud.run(CREATE, order(&json!({}))).await.unwrap();
    let got = cloud.run(GET, json!({"id": "362"})).await.unwrap();
    let listed = cloud.run(LIST, json!({"planetId": "dev1"})).await.unwrap();
    for object in [&created["object"], &got["object"], &listed[0]["object"]] {
        assert_eq!(*object, service.backups()[0]);
        assert_eq!(object["replicas"], json!([{"region": "eu-1", "ready": true}, null]));
    }
}

/// As G10, through a wait, with ids as texts.
#[tokio::test]
async fn c15_unknown_members_survive() {
    let cloud = Cloud::new().await;
    cloud.emulator.guidewire().change(|switches| {
        switches.extra_members = true;
        switches.id_as_text = true;
    });
    let record = cloud.run(CREATE, order(&json!({"wait": {}}))).await.unwrap();
    assert_eq!(record["object"], cloud.emulator.guidewire().backups()[0]);
    assert_eq!((&record["object"]["id"], &record["object"]["sizeInGb"]), (&json!("362"), &json!(1.5)));
}

#[tokio::test]
async fn g11_each_error_code_lands_in_its_class() {
    for (status, kind, tries) in [
        (400, Kind::Rejected, 1),
        (401, Kind::Unauthenticated, 2),
        (403, Kind::Forbidden, 1),
        (404, Kind::NotFound, 1),
        (405, Kind::Rejected, 1),
        (408, Kind::Unavailable, 5),
        (409, Kind::Conflict, 1),
        (422, Kind::Rejected, 1),
        (424, Kind::Unavailable, 5),
        (429, Kind::Unavailable, 5),
        (500, Kind::Protocol, 5),
        (502, Kind::Unavailable, 5),
        (503, Kind::Unavailable, 5),
        (504, Kind::Unavailable, 5),
    ] {
        let cloud = Cloud::new().await;
        cloud.emulator.faults().add(cloud.rule(Effect::error(status, "x", "the text")).path("/starsystems/"));
        let error = cloud.refused(GET, json!({"id": "362"})).await;
        assert_eq!((error.kind(), error.http_status()), (kind, Some(status)), "{error}");
        assert_eq!(error.texts(), ["the text"], "{status}");
        assert_eq!(cloud.requests().len(), tries, "{status}");
        let pauses = cloud.clock.pauses();
        assert_eq!(pauses.len(), if tries == 5 { 4 } else { 0 });
        for (pause, bound) in pauses.iter().zip([1, 2, 4, 8].map(Duration::from_secs)) {
            assert!(*pause <= bound && *pause >= bound * 4 / 5, "a fifth of jitter at most: {pauses:?}");
        }
        // A creation is sent once, whatever comes.
        let error = cloud.refused(CREATE, order(&json!({}))).await;
        let kind = if matches!(status, 408 | 502 | 504) { Kind::Ambiguous } else { kind };
        assert_eq!((error.kind(), cloud.posts()), (kind, if status == 401 { 2 } else { 1 }), "{status}: {error}");
    }
}

#[tokio::test]
async fn g12_a_503_burst_during_polling_does_not_fail_the_job() {
    let cloud = Cloud::new().await;
    // Two whole looks of five requests each, and then some.
    cloud.emulator.faults().add(cloud.rule(Effect::status(503)).method("GET").times(12));
    let record = cloud.run(CREATE, order(&json!({"wait": waiting(20)}))).await.unwrap();
    assert_eq!((&record["state"], cloud.posts()), (&json!("succeeded"), 1));
    // A pause that is asked for is heeded.
    let cloud = Cloud::new().await;
    cloud.emulator.faults().add(cloud.rule(Effect::retry_after(503, 25)).method("GET").times(1));
    cloud.run(CREATE, order(&json!({"wait": waiting(20)}))).await.unwrap();
    assert!(cloud.clock.pauses().iter().any(|pause| *pause >= Duration::from_secs(25)), "{:?}", cloud.clock.pauses());
}

#[tokio::test]
async fn c9_service_down_during_polling() {
    let cloud = Cloud::new().await;
    cloud.emulator.faults().add(cloud.rule(Effect::Reset).method("GET").times(23));
    let record = cloud.run(CREATE, order(&json!({"wait": waiting(20)}))).await.unwrap();
    assert_eq!((&record["state"], cloud.posts()), (&json!("succeeded"), 1));
    // Down for good is the wait's end, not the job's: it says how to go on.
    let cloud = Cloud::new().await;
    cloud.emulator.faults().add(cloud.rule(Effect::status(503)).method("GET"));
    let error = cloud.refused(CREATE, order(&json!({"wait": waiting(20)}))).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.next_step().unwrap().contains("resume waiting with: guidewire.backup.wait"), "{error:?}");
    cloud.emulator.faults().clear();
    assert_eq!(cloud.run(WAIT, json!({"id": "362"})).await.unwrap()["state"], "succeeded");
}

/// Everything that a client says, in every way it can fail, without a secret in it.
#[tokio::test]
async fn g13_secrets_are_never_in_logs() {
    let secret = "CANARY+secret/that~must-not be/seen".replace(' ', "%");
    let config = guidewire::Config { client_secret: Some(secret.clone()), ..guidewire::Config::default() };
    let config = Config { speed: Speed::Manual, guidewire: config, ..Config::default() };
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let clock = TestClock::moving(&emulator);
    let recording = Arc::new(Recording::default());
    let scope = Scope::new(recording.clone(), CancelToken::new());
    let own = configuration(&emulator);
    let mut said = vec![serde_json::to_string(&own).unwrap(), format!("{own:?}")];
    let rule = |effect| Rule::new(effect).service("guidewire");
    let faults = emulator.faults();
    let wrong = GuidewireConfig { scopes: Some("any.tenant".into()), ..own.clone() };
    for (config, effect) in [
        (&own, None),
        (&wrong, None),
        (&own, Some(rule(Effect::LoginPage { status: 200 }).path("/oauth2/"))),
        (&own, Some(rule(Effect::error(400, "x", &format!("the secret {secret} is wrong"))).path("/oauth2/"))),
        (&own, Some(rule(Effect::Reset).path("/oauth2/"))),
        (&own, Some(rule(Effect::Truncate { keep: 60 }).path("/oauth2/"))),
        (&own, Some(rule(Effect::status(401)).path("/starsystems/"))),
        (&own, Some(rule(Effect::LostAnswer).method("POST").path("/planets/"))),
        (&own, Some(rule(Effect::status(500)).path("/starsystems/"))),
    ] {
        faults.clear();
        if let Some(rule) = effect {
            faults.add(rule);
        }
        let client = client(config, &secret, &clock).unwrap();
        for (operation, document) in [
            ("guidewire.connect", json!({})),
            (
                CREATE,
                order(
                    &json!({"name": "n", "uniqueName": true, "wait": {"timeoutMinutes": 1, "pollingIntervalSeconds": 5}}),
                ),
            ),
            (LIST, json!({})),
            (GET, json!({"id": "362"})),
            (DELETE, json!({"id": "362"})),
        ] {
            match client.run_document(operation, document, &scope).await {
                Ok(result) => said.push(result.to_string()),
                Err(error) => said.push(format!("{error:?} {}", error.to_json_with_parts())),
            }
        }
    }
    assert!(said.iter().any(|text| text.contains("gw:")) && said.iter().any(|text| text.contains("invalid_scope")));
    said.extend(recording.events().iter().map(|event| format!("{event:?} {}", serde_json::to_string(event).unwrap())));
    assert!(said.iter().any(|text| text.contains("/v1/token -> 200")), "requests are logged");
    // The handles as what is in them.
    let handles: Vec<String> = said
        .iter()
        .flat_map(|text| text.split('"').filter_map(|word| word.strip_prefix("gw:")))
        .map(|encoded| {
            use base64::Engine as _;
            let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap();
            String::from_utf8(json).unwrap()
        })
        .collect();
    assert!(!handles.is_empty());
    said.extend(handles);
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    // The emulator's tokens begin so.
    for canary in [secret.as_str(), &encoded, "Bearer gw-", "\"gw-", "access_token\\\":\\\"", "CANARY"] {
        for text in &said {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
}

#[tokio::test]
async fn g14_both_list_envelopes() {
    let cloud = Cloud::new().await;
    let service = cloud.emulator.guidewire();
    service.plant(Planted::default()).unwrap();
    let array = cloud.run(LIST, json!({})).await.unwrap();
    service.change(|switches| switches.list_envelope = Envelope::Backups);
    for document in [json!({}), json!({"planetId": "dev1"})] {
        assert_eq!(cloud.run(LIST, document).await.unwrap(), array);
    }
    assert_eq!((array.as_array().unwrap().len(), &array[0]["object"]["type"]), (1, &json!("scheduled")));
    let connected = cloud.run("guidewire.connect", json!({})).await.unwrap();
    let expected = json!({"tenantId": "acme", "starSystemId": "claims-dev", "clientId": service.client_id(),
                          "endpoint": service.endpoint(), "backups": 1});
    assert_eq!(connected, expected);
}

#[tokio::test]
async fn g15_retention_15_with_maximum_14() {
    let cloud = Cloud::new().await;
    let error = cloud.refused(CREATE, order(&json!({"retentionDays": 15}))).await;
    assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("retentionDays")));
    assert_eq!(error.message(), "retentionDays: must be from 1 to 14");
    assert!(error.next_step().unwrap().contains("maxRetentionDays"), "{error:?}");
    assert!(cloud.emulator.requests().is_empty(), "refused before any request");
    // Where the configuration permits more, the service decides.
    let more = cloud.other(|config| config.max_retention_days = RetentionDays::new(30).ok()).unwrap();
    let create = |days: u32| more.run_document(CREATE, order(&json!({"retentionDays": days})), &cloud.scope);
    let error = create(15).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Rejected, Some(422)));
    assert_eq!(error.next_step(), Some("check retentionDays"));
    cloud
        .emulator
        .guidewire()
        .add_planet(Planet { max_retention_days: 30, ..Planet::new("acme", "claims-dev", "dev1", "dev") });
    assert_eq!(create(30).await.unwrap()["state"], "queued");
    assert_eq!(create(31).await.unwrap_err().message(), "retentionDays: must be from 1 to 30");
}

/// What the service refuses of a creation, with what to check.
#[tokio::test]
async fn what_the_service_refuses_is_named_by_what_the_caller_set() {
    let cloud = Cloud::new().await;
    let error = cloud.refused(CREATE, order(&json!({"planetClass": "prod"}))).await;
    assert_eq!((error.kind(), error.next_step()), (Kind::Rejected, Some("check planetClass")));
    let error = cloud.refused(CREATE, order(&json!({"planetId": "nothing"}))).await;
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(error.next_step(), Some("check planetId, and tenantId and starSystemId"));
    for status in [400, 422] {
        cloud.emulator.guidewire().change(|switches| switches.snapshot_status = status);
        let error = cloud.refused(CREATE, order(&json!({"mechanism": "snapshot"}))).await;
        assert_eq!((error.kind(), error.http_status()), (Kind::Unsupported, Some(status)));
        assert_eq!(error.texts(), ["mechanism: the planet dev1 is not enabled for snapshots"]);
        assert!(error.next_step().unwrap().contains("leave out mechanism"), "{error:?}");
    }
    assert!(cloud.warnings().is_empty());
    let error = cloud.refused(CREATE, order(&json!({"mechanism": "pg_dump"}))).await;
    assert_eq!((error.kind(), error.next_step()), (Kind::Rejected, Some("check mechanism")));
    assert_eq!(
        cloud.warnings(),
        ["the mechanism 'pg_dump' is not one of those known to this version (logical, snapshot, physical)"]
    );
    let snapshots = cloud.other(|config| config.star_system_id = Some("claims-prod".into())).unwrap();
    let request = json!({"planetId": "prod1", "planetClass": "prod", "permanent": true, "mechanism": "snapshot"});
    let record = snapshots.run_document(CREATE, request, &cloud.scope).await.unwrap();
    assert_eq!(record["object"]["mechanism"], "snapshot");
}

#[tokio::test]
async fn c1_happy_path_by_the_handle() {
    let cloud = Cloud::new().await;
    let started = cloud.run(CREATE, order(&json!({}))).await.unwrap();
    assert_eq!((&started["state"], &started["status"]), (&json!("queued"), &json!("pending")));
    let accepted = cloud.events(|event| match event {
        Event::Accepted { what, id } => Some(format!("{what} {id}")),
        _ => None,
    });
    assert_eq!(accepted, ["backup 362"]);
    let ended = cloud.run("job.wait", json!({"handle": started["handle"]})).await.unwrap();
    assert_eq!(ended["state"], "succeeded");
    let seen = cloud.run("job.get", json!({"handle": ended["handle"]})).await.unwrap();
    assert_eq!((&seen["state"], &seen["artifact"]), (&json!("succeeded"), &ended["artifact"]));
    assert!(!cloud.clock.pauses().contains(&Duration::from_secs(10)), "the first pause is for who has just started it");
}

#[tokio::test]
async fn c2_failure_without_a_reason() {
    let cloud = Cloud::new().await;
    for word in ["failed", "ERROR", "aborted", "cancelled", "canceled"] {
        cloud.script(&[(1_000, word)]);
        let error = cloud.refused(CREATE, order(&json!({"wait": {}}))).await;
        assert_eq!(error.kind(), Kind::JobFailed, "{word}");
        assert!(error.message().contains(&format!("(status {word})")) && error.next_step().is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn c3_unknown_status_text_keeps_running() {
    let cloud = Cloud::new().await;
    cloud.script(&[(5_000, "Verifying Dump"), (3_600_000, "IN-progress"), (60_000, "Succeeded")]);
    let record = cloud.run(CREATE, order(&json!({"wait": waiting(50)}))).await.unwrap();
    assert_eq!((&record["state"], &record["status"]), (&json!("succeeded"), &json!("Succeeded")));
    assert_eq!(cloud.statuses(), ["pending", "Verifying Dump", "IN-progress", "Succeeded"]);
}

#[tokio::test]
async fn c4_restart_with_the_handle_alone() {
    let cloud = Cloud::new().await;
    let handle = cloud.run(CREATE, order(&json!({}))).await.unwrap()["handle"].clone();
    let elsewhere = cloud.other(|config| config.star_system_id = Some("claims-prod".into())).unwrap();
    let record = elsewhere.run_document("job.wait", json!({"handle": handle}), &cloud.scope).await.unwrap();
    assert_eq!((&record["state"], &record["subject"]), (&json!("succeeded"), &json!("dev1 (claims-dev)")));
    // Never to another service, tenant or address.
    cloud.emulator.clear_requests();
    for change in [
        (|config: &mut GuidewireConfig| config.endpoint = Some("https://127.0.0.1:1/".into()))
            as fn(&mut GuidewireConfig),
        |config| config.tenant_id = Some("other".into()),
    ] {
        let other = cloud.other(change).unwrap();
        for operation in ["job.get", "job.wait"] {
            let error = other.run_document(operation, json!({"handle": handle}), &cloud.scope).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("handle")), "{error}");
            assert!(error.next_step().is_some());
        }
    }
    let dxp = super::fixture::client(
        &super::fixture::configuration(&cloud.emulator),
        cloud.emulator.client_secret(),
        &cloud.clock,
    );
    let error = dxp.run_document("job.get", json!({"handle": handle}), &cloud.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("handle")));
    assert!(cloud.emulator.requests().is_empty(), "{:?}", cloud.emulator.requests());
}

#[tokio::test]
async fn c6_busy_then_free() {
    let cloud = Cloud::new().await;
    cloud.run(CREATE, order(&json!({"name": "first"}))).await.unwrap();
    let error = cloud.refused(CREATE, order(&json!({"name": "second"}))).await;
    assert_eq!((error.kind(), error.http_status()), (Kind::Conflict, Some(409)));
    assert!(error.next_step().unwrap().contains("guidewire.backup.list"), "{error:?}");
    cloud.run(WAIT, json!({"id": "362"})).await.unwrap();
    let record = cloud.run(CREATE, order(&json!({"name": "second"}))).await.unwrap();
    assert_eq!((&record["object"]["id"], cloud.posts()), (&json!(363), 3));
}

#[tokio::test]
async fn c8_deadline_then_resume_and_finish() {
    let cloud = Cloud::new().await;
    cloud.script(&[(5_000, "inProgress"), (3_600_000, "succeeded")]);
    let wait = json!({"timeoutMinutes": 2, "pollingIntervalSeconds": 30});
    let error = cloud.refused(CREATE, order(&json!({"wait": wait}))).await;
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(error.message().contains("(status: inProgress)"), "{error}");
    let step = error.next_step().unwrap();
    assert!(step.contains("guidewire.backup.wait with") && step.contains(r#""id":"362""#), "{step}");
    let record = cloud.run(WAIT, json!({"id": "362", "wait": waiting(50)})).await.unwrap();
    assert_eq!((&record["state"], cloud.posts()), (&json!("succeeded"), 1));
}

#[tokio::test]
async fn c10_capability_gaps_are_unsupported_without_a_request() {
    let cloud = Cloud::new().await;
    let gaps = Backups::CAPABILITIES;
    assert!(gaps.list && gaps.delete && gaps.retention && !gaps.reset && !gaps.download && !gaps.progress);
    let database = json!({"environment": "Production", "databaseName": "epicms", "id": "x", "outputFile": "x.bacpac"});
    let error = cloud.refused("databaseExport.save", database).await;
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().contains("'dxp'") && error.message().contains("'guidewire'"), "{error}");
    let dxp = super::fixture::client(
        &super::fixture::configuration(&cloud.emulator),
        cloud.emulator.client_secret(),
        &cloud.clock,
    );
    for (operation, document) in
        [("guidewire.connect", json!({})), (CREATE, order(&json!({}))), (DELETE, json!({"id": "1"}))]
    {
        let error = dxp.run_document(operation, document, &cloud.scope).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported, "{operation}");
    }
    assert!(cloud.emulator.requests().is_empty());
}

#[tokio::test]
async fn c12_state_never_goes_back() {
    let cloud = Cloud::new().await;
    cloud.script(&[(1_000, "inProgress"), (20_000, "pending"), (20_000, "succeeded"), (600_000, "inProgress")]);
    let started = cloud.run(CREATE, order(&json!({}))).await.unwrap();
    let mut handle = started["handle"].clone();
    let mut states = vec![started["state"].clone()];
    let mut statuses = Vec::new();
    // The emulator shows every backup as it began at the first look.
    for seconds in [0, 2, 20, 20, 700] {
        cloud.clock.advance(Duration::from_secs(seconds));
        let seen = cloud.run("job.get", json!({"handle": handle})).await.unwrap();
        handle = seen["handle"].clone();
        states.push(seen["state"].clone());
        statuses.push(seen["status"].clone());
    }
    assert_eq!(states, ["queued", "queued", "running", "running", "succeeded", "succeeded"]);
    assert_eq!(
        statuses,
        ["pending", "inProgress", "pending", "succeeded", "inProgress"],
        "the service's word is told as it is"
    );
}

/// A cancelled creation does not say that nothing was made.
#[tokio::test]
async fn a_cancelled_creation_says_where_to_look() {
    let cloud = Cloud::new().await;
    cloud.emulator.faults().add(cloud.rule(Effect::Stall).method("POST").path("/planets/"));
    let create = async {
        let error = cloud.refused(CREATE, order(&json!({"name": "n"}))).await;
        assert!(error.next_step().unwrap().contains("guidewire.backup.list"), "{error:?}");
        Err::<(), _>(error)
    };
    cancelled_at("the creation", || cloud.posts() == 1, &cloud.cancel, create).await;
}

#[tokio::test]
async fn the_token_endpoint_is_judged() {
    let cloud = Cloud::new().await;
    let page = |status| Effect::LoginPage { status };
    for (effect, kind, said, tries) in [
        (page(200), Kind::Protocol, "the token endpoint answered 200 (OK) with text/html", 1),
        (page(401), Kind::Protocol, "the token endpoint answered 401 (Unauthorized) with text/html", 1),
        (Effect::status(404), Kind::Protocol, "the token endpoint answered 404 (Not Found)", 1),
        (Effect::status(503), Kind::Unavailable, "the token endpoint answered 503", 5),
        (Effect::status(429), Kind::Unavailable, "the token endpoint answered 429", 5),
        (Effect::status(500), Kind::Protocol, "the token endpoint answered 500", 5),
        (Effect::Reset, Kind::Network, "the connection to", 5),
        (Effect::Truncate { keep: 20 }, Kind::Network, "the response was cut short", 5),
    ] {
        cloud.emulator.faults().clear();
        cloud.emulator.clear_requests();
        cloud.emulator.faults().add(cloud.rule(effect.clone()).path("/oauth2/"));
        let error = cloud.refused(LIST, json!({})).await;
        assert_eq!(error.kind(), kind, "{effect:?}: {error}");
        assert!(error.message().starts_with("cannot get an access token: "), "{error}");
        assert!(error.message().contains(said), "{error}");
        assert_eq!(cloud.emulator.requests().len(), tries, "{effect:?}");
        if kind == Kind::Protocol {
            assert!(error.next_step().unwrap().contains("tokenUrl"), "{error:?}");
        }
    }
    cloud.emulator.faults().clear();
    let wrong = client(&configuration(&cloud.emulator), "CANARY", &cloud.clock).unwrap();
    cloud.emulator.clear_requests();
    let error = wrong.run_document(CREATE, order(&json!({})), &cloud.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, Some("invalid_client")));
    let said = "the token endpoint refused the client: invalid_client: The client secret supplied";
    assert!(error.message().contains(said), "{error}");
    assert_eq!(
        error.next_step(),
        Some("check clientId and clientSecret, and that they are for the region of tokenUrl")
    );
    assert_eq!((cloud.posts(), cloud.emulator.requests().len()), (0, 1), "{:?}", cloud.emulator.requests());
}

/// A server that gives tokens, and to everything else this answer.
async fn scripted(head: &'static [(&'static str, &'static str)], body: &'static str) -> (Scripted, Client) {
    let json = ("content-type", "application/json");
    let server = Scripted::start(move |_, request, _| match request.starts_with("POST /token ") {
        true => answer(200, &[json], r#"{"token_type":"Bearer","access_token":"t","expires_in":"3600"}"#),
        false => answer(200, &[&[json], head].concat(), body),
    })
    .await;
    let config = GuidewireConfig {
        endpoint: Some(server.address.clone()),
        token_url: Some(format!("{}/token", server.address)),
        client_id: Some("id".into()),
        tenant_id: Some("a/b".into()),
        star_system_id: Some("größe".into()),
        ..GuidewireConfig::default()
    };
    let client = client(&config, "s", &server.clock).unwrap();
    (server, client)
}

#[tokio::test]
async fn a_part_of_a_list_warns_and_names_are_encoded() {
    for (head, body, warns) in [
        (&[][..], r#"[{"id":1}]"#, 0),
        (&[("link", "<https://h/x?page=2>; rel=\"next\"")][..], r#"[{"id":1}]"#, 1),
        (&[][..], r#"{"content":[{"id":1}],"page":0,"totalPages":2,"last":false}"#, 1),
    ] {
        let (server, client) = scripted(head, body).await;
        let list = client.run_document(LIST, json!({"planetId": "x?y"}), &server.scope).await.unwrap();
        assert_eq!((list.as_array().unwrap().len(), &list[0]["state"]), (1, &json!("unknown")));
        let warnings: Vec<_> =
            server.events().into_iter().filter(|event| matches!(event, Event::Warning { .. })).collect();
        assert_eq!(warnings.len(), warns, "{warnings:?}");
        let path = "/api/v1/tenants/a%2Fb/starsystems/gr%C3%B6%C3%9Fe/planets/x%3Fy/backups";
        assert_eq!(server.requests(), ["POST /token HTTP/1.1".to_owned(), format!("GET {path} HTTP/1.1")]);
    }
    for (body, said) in [
        (r#"{"status":"UP"}"#, "an object with status (a string)"),
        (r#"{"a":[],"b":[]}"#, "a (an array), b (an array)"),
        (r#"[{"name":"x"}]"#, "no 'id'"),
        (r#"[{"id":1},"#, "incomplete"),
        ("<html><title>Sign in</title>", "Sign in"),
    ] {
        let (server, client) = scripted(&[], body).await;
        let error = client.run_document(LIST, json!({}), &server.scope).await.unwrap_err();
        assert!(error.kind() == Kind::Protocol && error.message().contains(said), "{error}");
    }
}

/// An accepted creation whose answer says nothing is looked for, and told as unclear where it is not found.
#[tokio::test]
async fn an_answer_that_says_nothing_is_not_taken_for_a_backup() {
    let (server, client) = scripted(&[], r#"{"result":"accepted"}"#).await;
    let error = client.run_document(CREATE, order(&json!({"name": "n"})), &server.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Ambiguous);
    assert!(error.next_step().unwrap().contains("guidewire.backup.list"), "{error:?}");
    let posts =
        server.requests().iter().filter(|request| request.contains("/planets/") && request.starts_with("POST")).count();
    assert_eq!(posts, 1);
    let (server, client) = scripted(&[], "<html><title>Sign in</title>").await;
    let error = client.run_document(CREATE, order(&json!({"name": "n"})), &server.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Ambiguous, "{error}");
    assert_eq!(server.clock.monotonic(), Duration::from_secs(10), "three looks, with pauses between");
}
