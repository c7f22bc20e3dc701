//! `epi guidewire`, `epi redis`, `epi job` and `epi profile` as people and pipelines use them.

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use epicloud_emulator::guidewire::Planted;
use epicloud_emulator::redis::Reason;
use epicloud_emulator::{Config, Emulator, Speed, Step};
use serde_json::{Value, json};

use super::fixture::{Epi, Run};

const CREATE: [&str; 9] =
    ["guidewire", "backup", "create", "--planet", "dev1", "--planet-class", "dev", "--retention-days", "7"];
const START: [&str; 7] = ["redis", "export", "start", "--uid", "1", "--location-file", "to.json"];

/// An emulator in which jobs end at once.
async fn emulator() -> Emulator {
    let emulator = Emulator::start(Config { speed: Speed::Real, ..Config::default() }).await.unwrap();
    emulator.guidewire().change(|switches| {
        switches.pending_ms = 0;
        switches.running_ms = 1;
    });
    for uid in [1, 2] {
        emulator.redis().tune(uid, |knobs| knobs.export_ms = 1).unwrap();
    }
    emulator
}

/// `epi` with the accounts of all services, and with a destination in a file.
fn epi(emulator: &Emulator) -> Epi {
    let epi = emulator.variables().into_iter().fold(Epi::bare(), |epi, (name, value)| epi.with(name, &value));
    let destination = json!({"type": "mount_point", "path": emulator.redis().mount()});
    epi.write("to.json", destination.to_string().as_bytes());
    epi
}

/// `epi` with this on standard input.
async fn run_with_input(epi: &Epi, arguments: &[&str], input: &str) -> Run {
    let mut command = epi.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    Run::of(output.await.unwrap())
}

async fn json_of(epi: &Epi, arguments: &[&str]) -> Value {
    epi.run(&[arguments, &["-o", "json"]].concat()).await.json()
}

async fn handle_of(epi: &Epi, arguments: &[&str]) -> String {
    json_of(epi, arguments).await["handle"].as_str().unwrap().to_owned()
}

/// The value of a line of a text such as `handle:   gw:...`.
fn line<'a>(run: &'a Run, name: &str) -> &'a str {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {run:?}")).trim()
}

/// The words of the command that a result advises to run.
fn advised(run: &Run) -> Vec<String> {
    let words: Vec<String> = line(run, "next").split(' ').map(str::to_owned).collect();
    let start = words.iter().position(|word| word == "epi").unwrap();
    words[start + 1..].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_created_shown_listed_waited_for_and_deleted() {
    let emulator = emulator().await;
    let epi = epi(&emulator);
    let connected = epi.run(&["guidewire", "connect"]).await;
    assert_eq!(connected.code, Some(0), "{connected:?}");
    assert!(connected.stdout.starts_with("credentials OK: client "), "{connected:?}");

    let created = json_of(&epi, &[&CREATE[..], &["--name", "nightly"]].concat()).await;
    assert_eq!((&created["service"], &created["object"]["metadata"]["name"]), (&json!("guidewire"), &json!("nightly")));
    let id = created["object"]["id"].to_string();
    let ended = json_of(&epi, &["guidewire", "backup", "wait", "--id", &id]).await;
    assert_eq!((&ended["state"], &ended["object"]["id"]), (&json!("succeeded"), &created["object"]["id"]));
    let shown = epi.run(&["guidewire", "backup", "show", "--id", &id]).await;
    assert_eq!(line(&shown, "status"), "succeeded");
    assert!(!shown.stdout.contains("next:"), "it has ended: {shown:?}");

    for more in [&[][..], &["--planet", "dev1"]] {
        let list = [&["guidewire", "backup", "list"], more].concat();
        assert_eq!(json_of(&epi, &list).await.as_array().unwrap().len(), 1);
        let text = epi.run(&list).await.stdout;
        assert!(text.lines().nth(1).unwrap().starts_with(&format!("{id}  succeeded")), "{text}");
    }
    let delete = ["guidewire", "backup", "delete", "--id", &id];
    assert_eq!(json_of(&epi, &delete).await["state"], "deleted");
    epi.run(&delete).await.refused(3, &["--id", "EPI_GUIDEWIRE_TENANT"]);
    assert_eq!(json_of(&epi, &[&delete[..], &["--if-exists"]].concat()).await["state"], "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_started_waited_for_shown_and_reset() {
    let emulator = emulator().await;
    let epi = epi(&emulator);
    let connected = epi.run(&["redis", "connect", "--uid", "1"]).await;
    assert!(connected.stdout.contains("database 1 (sample-db) can be exported"), "{connected:?}");
    emulator.redis().tune(2, |knobs| knobs.unexportable = true).unwrap();
    let connected = epi.run(&["redis", "connect", "--uid", "2"]).await;
    assert!(connected.stdout.contains("database 2 (orders) cannot be exported"), "{connected:?}");

    let ended = epi.run(&[&START[..], &["--wait", "--polling-interval", "1"]].concat()).await;
    assert_eq!((ended.code, line(&ended, "status")), (Some(0), "succeeded"), "{ended:?}");
    let handle = line(&ended, "handle").to_owned();
    assert!(handle.starts_with("redis:"), "{handle}");
    for show in [&["redis", "export", "show", &handle][..], &["redis", "export", "show", "--uid", "1"]] {
        assert_eq!(json_of(&epi, show).await["state"], "succeeded", "{show:?}");
    }
    assert_eq!(json_of(&epi, &["redis", "export", "wait", &handle]).await["handle"], handle.as_str());
    let list = json_of(&epi, &["redis", "database", "list"]).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    let shown = epi.run(&["redis", "database", "show", "--uid", "1"]).await;
    assert_eq!((line(&shown, "name"), line(&shown, "last export")), ("sample-db", "succeeded"));

    let reset = epi.run(&["redis", "export", "reset", "--uid", "1"]).await;
    assert_eq!(line(&reset, "status"), "idle");
    assert!(!reset.stdout.contains("next:"), "there is nothing to wait for: {reset:?}");
    assert_eq!(json_of(&epi, &["redis", "export", "show", "--uid", "1"]).await["state"], "idle");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_several_services_are_waited_for_at_once() {
    let emulator = emulator().await;
    let epi = epi(&emulator);
    let (backup, export) = (handle_of(&epi, &CREATE).await, handle_of(&epi, &START).await);
    let lines = format!("{backup}\n\n{export}\r\n");
    epi.write("handles", lines.as_bytes());
    let services = |result: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        result.as_array().unwrap().iter().map(|job| (text(&job["service"]), text(&job["state"]))).collect()
    };
    let expected = [("guidewire", "succeeded"), ("redis-enterprise", "succeeded")]
        .map(|(service, state)| (service.to_owned(), state.to_owned()));
    for verb in ["wait", "show"] {
        assert_eq!(services(&json_of(&epi, &["job", verb, &backup, &export]).await), expected, "{verb}");
        assert_eq!(services(&json_of(&epi, &["job", verb, "--handle-file", "handles"]).await), expected, "{verb}");
        let from_input = run_with_input(&epi, &["job", verb, "-", "-o", "json"], &lines).await;
        assert_eq!(services(&from_input.json()), expected, "{verb}");
    }
    let text = epi.run(&["job", "wait", &export, &backup]).await;
    let shown: Vec<&str> =
        text.stdout.lines().filter_map(|line| line.strip_prefix("service: ")).map(str::trim).collect();
    assert_eq!(shown, ["redis-enterprise", "guidewire"], "in the order of the handles");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_jobs_each_says_how_it_ended() {
    let emulator = emulator().await;
    let epi = epi(&emulator);
    let failed = Step { status: Some("failed".to_owned()), errors: vec!["disk full".to_owned()], ..Step::default() };
    emulator.guidewire().script(vec![failed]);
    let (backup, export) = (handle_of(&epi, &CREATE).await, handle_of(&epi, &START).await);
    let run = epi.run(&["job", "wait", &export, &backup]).await;
    run.refused(5, &["job 2 of 2", "disk full", "job 1 of 2 succeeded"]);
    let error: Value = serde_json::from_str(&epi.run(&["job", "wait", &backup, "-o", "json"]).await.stdout).unwrap();
    assert_eq!(error["error"]["exitCode"], 5, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_job_ended_is_the_exit_code() {
    let emulator = emulator().await;
    let epi = epi(&emulator);
    // Failed.
    emulator.redis().tune(1, |knobs| knobs.fail = Some(Reason::GeneralError)).unwrap();
    epi.run(&["job", "wait", &handle_of(&epi, &START).await]).await.refused(5, &["general-error"]);
    epi.run(&[&START[..], &["--wait", "--polling-interval", "1"]].concat()).await.refused(5, &["general-error"]);
    emulator.redis().tune(1, |knobs| knobs.fail = None).unwrap();
    // Expired.
    let expired = Planted { status: "expired".to_owned(), ..Planted::default() };
    emulator.guidewire().change(|switches| switches.expired_stays = true);
    let id = emulator.guidewire().plant(expired).unwrap().to_string();
    epi.run(&["guidewire", "backup", "wait", "--id", &id]).await.refused(6, &["expired"]);
    // Somebody else's export runs: refused before any change.
    emulator.redis().tune(1, |knobs| knobs.export_ms = 3_600_000).unwrap();
    let elsewhere = json!({"type": "mount_point", "path": emulator.redis().mount()});
    emulator.redis().start_export(1, &elsewhere).unwrap();
    emulator.clear_requests();
    epi.run(&START).await.refused(4, &["--wait-while-busy"]);
    assert!(emulator.requests().iter().all(|request| request.method == "GET"));
    // What the service cannot do.
    emulator.redis().tune(2, |knobs| knobs.unexportable = true).unwrap();
    epi.run(&["redis", "export", "start", "--uid", "2", "--location-file", "to.json"]).await.refused(10, &["2"]);
    epi.run(&[&CREATE[..], &["--mechanism", "snapshot"]].concat()).await.refused(10, &["--mechanism"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_sentence_before_any_request() {
    let emulator = emulator().await;
    let other = self::emulator().await;
    let epi = epi(&emulator);
    let foreign = handle_of(&self::epi(&other), &CREATE).await;
    let own = handle_of(&epi, &CREATE).await;
    let create = |planet: &'static str, more: &[&'static str]| {
        [&["guidewire", "backup", "create", "--planet", planet, "--planet-class", "dev"], more].concat()
    };
    let handle_is_none = "HANDLE: is not the handle of a job, or not all of it";
    emulator.clear_requests();
    for (arguments, code, words) in [
        (
            vec!["job", "wait", &foreign],
            1,
            &["HANDLE: is of the service at ", "--endpoint (EPI_GUIDEWIRE_ENDPOINT)"][..],
        ),
        (vec!["job", "show", &own, &foreign], 1, &["job 2 of 2: HANDLE: is of the service at "]),
        (vec!["job", "show", "nonsense"], 1, &[handle_is_none]),
        (vec!["job", "show", &own[..own.len() - 9]], 1, &[handle_is_none]),
        (vec!["job", "wait", "-"], 1, &["HANDLE: is empty"]),
        (vec!["job", "wait", "--handle-file", "nowhere"], 3, &["--handle-file: cannot read 'nowhere'"]),
        (vec!["job", "wait"], 1, &["--handle-file"]),
        (vec!["redis", "export", "wait", &own], 1, &["HANDLE: is of the service 'guidewire'"]),
        (vec!["redis", "export", "show", &own], 1, &["HANDLE: is of the service 'guidewire'"]),
        (vec!["redis", "export", "show"], 1, &["HANDLE", "--uid"]),
        (vec!["redis", "connect", "--client-secret-file", "x"], 1, &["--client-secret-file: is not an option of"]),
        (vec!["redis", "connect", "--client-key", "x"], 1, &["--client-key: is not an option of"]),
        (vec!["guidewire", "connect", "--state-dir", "x"], 1, &["--state-dir: is not an option of"]),
        (vec!["guidewire", "connect", "--endpoint", "http://cluster.test/"], 1, &["--endpoint: "]),
        (create("dev1", &["--retention-days", "15"]), 1, &["--retention-days: must be from 1 to 14"]),
        (create("dev1", &["--retention-days", "7", "--permanent"]), 1, &["'--permanent'"]),
        (create("", &["--permanent"]), 1, &["--planet: must not be empty"]),
        (vec!["redis", "connect", "--authentication", "x"], 1, &["--authentication: must be basic or jwt"]),
        (vec!["redis", "export", "start", "--uid", "1"], 1, &["EPI_REDIS_LOCATION"]),
        (vec!["redis", "export", "reset", "--uid", "0"], 1, &["--uid: must be the number of a database"]),
    ] {
        epi.run(&arguments).await.refused(code, words);
    }
    for (destination, words) in [
        (json!({"type": "aws"}), &["type in --location-file: 'aws' is not a type", "did you mean s3?"][..]),
        (json!({"type": "gcs"}), &["did you mean gs?"]),
        (json!({"type": "azure"}), &["did you mean abs?"]),
        (json!("CANARY"), &["--location-file: must be an object, not a string"]),
        (
            json!({"type": "abs", "account_name": "a", "container": "c", "account_key": "CANARY", "sas_token": "CANARY"}),
            &["sas_token in --location-file: cannot be combined with account_key"],
        ),
        (
            json!({"type": "s3", "bucket_name": "b", "secret_access_key": "CANARY"}),
            &["access_key_id in --location-file: is missing"],
        ),
        (json!({"type": "mount_point", "path": "here"}), &["path in --location-file: must be an absolute path"]),
        (json!({"type": "url", "url": "ftp://user:CANARY@host/?x"}), &["url in --location-file: must not contain"]),
    ] {
        epi.write("bad.json", destination.to_string().as_bytes());
        let run = epi.run(&["redis", "export", "start", "--uid", "1", "--location-file", "bad.json", "-vv"]).await;
        run.refused(1, words);
        assert!(!run.stderr.contains("CANARY"), "{run:?}");
    }
    let start = ["redis", "export", "start", "--uid", "1"];
    let refused = epi.command(&start).env("EPI_REDIS_LOCATION", r#"{"type": "aws"}"#).output().unwrap();
    Run::of(refused).refused(1, &["type in EPI_REDIS_LOCATION: 'aws'"]);
    // Only one can have what is on standard input.
    let both = [&start[..], &["--location-stdin", "--password-stdin"]].concat();
    let run = run_with_input(&epi, &both, r#"{"type": "mount_point", "path": "/mnt/exports"}"#).await;
    run.refused(1, &["--password-stdin: cannot read standard input, because --location-stdin has read it"]);
    // A secret is for one service, and its file would go to both.
    let redis = handle_of(&epi, &["redis", "export", "show", "--uid", "1"]).await;
    emulator.clear_requests();
    epi.write("secret", b"x");
    let both = ["job", "show", &own, &redis, "--client-secret-file", "secret"];
    epi.run(&both).await.refused(1, &["--client-secret-file: is for one service, but the handles are of several"]);
    assert_eq!(emulator.requests().len(), 0, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_needs_is_named_by_its_own_variables() {
    let emulator = emulator().await;
    let epi = |name: &str, value: &str| epi(&emulator).with(name, value);
    for (verb, variable, value, code, words) in [
        ("redis", "EPI_REDIS_PASSWORD", "", 1, &["password is missing", "EPI_REDIS_PASSWORD (or --password-file)"][..]),
        ("redis", "EPI_REDIS_PASSWORD", "x\u{1}y", 1, &["EPI_REDIS_PASSWORD: the password is invalid"]),
        ("redis", "EPI_REDIS_PASSWORD", "wrong", 2, &["EPI_REDIS_USER"]),
        ("redis", "EPI_REDIS_USER", "", 1, &["--user (EPI_REDIS_USER)"]),
        ("redis", "EPI_REDIS_CA_FILE", "nowhere", 3, &["EPI_REDIS_CA_FILE: cannot read 'nowhere'"]),
        (
            "guidewire",
            "EPI_GUIDEWIRE_CLIENT_SECRET",
            "",
            1,
            &["EPI_GUIDEWIRE_CLIENT_SECRET is missing", "EPI_GUIDEWIRE_CLIENT_SECRET (or --client-secret-file)"],
        ),
        ("guidewire", "EPI_GUIDEWIRE_CLIENT_SECRET", "wrong", 2, &["EPI_GUIDEWIRE_CLIENT_SECRET"]),
        ("guidewire", "EPI_GUIDEWIRE_TENANT", "", 1, &["--tenant (EPI_GUIDEWIRE_TENANT)"]),
    ] {
        epi(variable, value).run(&[verb, "connect"]).await.refused(code, words);
    }
    // The authority of all services counts where the cluster has none of its own.
    let list = ["redis", "database", "list"];
    assert_eq!(epi("EPI_REDIS_CA_FILE", "").run(&list).await.code, Some(0));
    assert_eq!(epi("EPI_CA_FILE", "nowhere").run(&list).await.code, Some(0));
    epi("EPI_REDIS_CA_FILE", "").with("EPI_CA_FILE", "nowhere").run(&list).await.refused(3, &["EPI_CA_FILE: "]);
    // A certificate that is pinned needs none, and is not contradicted by what is for other services.
    let pinned =
        epi("EPI_REDIS_CA_FILE", "").with("EPI_REDIS_CERTIFICATE_SHA256", emulator.redis().certificate_sha256());
    assert_eq!(pinned.run(&list).await.code, Some(0));
    epi("EPI_REDIS_CERTIFICATE_SHA256", emulator.redis().certificate_sha256())
        .run(&list)
        .await
        .refused(1, &["cannot be combined with --ca-file (EPI_REDIS_CA_FILE)"]);
}

/// A configuration file with these profiles, where `epi` finds it.
fn profiles(epi: Epi, text: &str) -> Epi {
    let folder = epi.path("home/epicloud");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
    let home = epi.path("home").display().to_string();
    // As each system finds the configuration directory.
    ["XDG_CONFIG_HOME", "APPDATA"].into_iter().fold(epi, |epi, name| epi.with(name, &home))
}

/// The profiles `rd` and `gw` with all that the emulator's accounts are, their secrets in variables.
fn account_profiles(emulator: &Emulator) -> String {
    let (redis, guidewire, ca) = (emulator.redis(), emulator.guidewire(), emulator.ca_file().display().to_string());
    format!(
        "[profile.rd]\nservice = \"redis-enterprise\"\nendpoint = {:?}\nuser = {:?}\nca_file = {ca:?}\n\
         secret = {{ env = \"RD_SECRET\" }}\n\
         [profile.gw]\nservice = \"guidewire\"\nendpoint = {:?}\ntoken_url = {:?}\nclient_id = {:?}\n\
         tenant_id = {:?}\nstar_system_id = {:?}\nca_file = {ca:?}\nsecret = {{ env = \"GW_SECRET\" }}\n",
        redis.endpoint(),
        redis.user(),
        guidewire.endpoint(),
        guidewire.token_url(),
        guidewire.client_id(),
        guidewire.tenant(),
        guidewire.star_system(),
    )
}

/// `epi` that knows its accounts from profiles only.
fn with_profiles(emulator: &Emulator) -> Epi {
    let destination = json!({"type": "mount_point", "path": emulator.redis().mount()});
    let epi = profiles(Epi::bare(), &account_profiles(emulator));
    epi.write("to.json", destination.to_string().as_bytes());
    epi.with("RD_SECRET", emulator.redis().password()).with("GW_SECRET", emulator.guidewire().client_secret())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_advised_can_be_run() {
    let emulator = emulator().await;
    emulator.redis().tune(1, |knobs| knobs.start_delay_ms = 500).unwrap();
    for (profile, start) in [("rd", &START[..]), ("gw", &CREATE)] {
        let epi = with_profiles(&emulator);
        let started = epi.run(&[start, &["--profile", profile]].concat()).await;
        let words = advised(&started);
        assert_eq!(words[..2], ["job", "wait"], "{started:?}");
        assert_eq!(words[2], line(&started, "handle"));
        assert_eq!(words[3..], ["--profile", profile]);
        let run = epi.run(&[&words[..], &["--polling-interval".to_owned(), "1".to_owned()]].concat()).await;
        assert_eq!((run.code, line(&run, "status")), (Some(0), "succeeded"), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_for_the_jobs_of_its_service() {
    let emulator = emulator().await;
    let epi = with_profiles(&emulator);
    let export = handle_of(&epi, &[&START[..], &["--profile", "rd"]].concat()).await;
    let backup = handle_of(&epi, &[&CREATE[..], &["--profile", "gw"]].concat()).await;
    // The other service has its account from variables, and says so.
    let both = ["job", "wait", &export, &backup, "--profile", "rd"];
    epi.run(&both).await.refused(1, &["--endpoint (EPI_GUIDEWIRE_ENDPOINT)"]);
    let all = self::epi(&emulator);
    let epi = profiles(all, &account_profiles(&emulator)).with("RD_SECRET", emulator.redis().password());
    assert_eq!(json_of(&epi.with("EPI_PROFILE", "rd"), &both[..4]).await.as_array().unwrap().len(), 2);
    let epi = with_profiles(&emulator);
    epi.run(&["job", "wait", &backup, "--profile", "rd"]).await.refused(1, &["profile 'rd' is for the service"]);
    epi.run(&["connect", "--profile", "rd"]).await.refused(1, &["is for the service 'redis-enterprise', not 'dxp'"]);
    epi.run(&["redis", "connect", "--profile", "shop"])
        .await
        .refused(3, &["there is no profile 'shop' in", "use one of: gw, rd"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_each_value_of_an_account_comes_from() {
    let text = "[profile.rd]\nservice = \"redis-enterprise\"\nendpoint = \"https://profile:9443\"\nuser = \"profile\"\n\
                ca_file = \"profile.pem\"\nsecret = { file = \"secret\" }\n";
    let epi = || profiles(Epi::bare(), text);
    let of = async |epi: Epi, arguments: &[&str]| -> Vec<[String; 3]> {
        let document = json_of(&epi, arguments).await;
        assert_eq!((&document["service"], &document["profile"]), (&json!("redis-enterprise"), &json!("rd")));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let values = document["values"].as_array().unwrap().iter();
        values.map(|row| ["name", "value", "source"].map(|member| text(&row[member]))).collect()
    };
    let show = ["profile", "show", "rd"];
    let secret_file = || {
        let epi = epi();
        let file = epi.path("home/epicloud/secret").display().to_string();
        (epi, format!("in the file {file}"))
    };
    let (first, file) = secret_file();
    assert_eq!(
        of(first, &show).await,
        [
            ["endpoint", "https://profile:9443", "endpoint of profile 'rd'"],
            ["user", "profile", "user of profile 'rd'"],
            ["authentication", "basic", "default"],
            ["ca_file", "profile.pem", "ca_file of profile 'rd'"],
            ["secret", "given", &file],
        ]
    );
    let variables = || {
        epi()
            .with("EPI_REDIS_ENDPOINT", "https://variable:9443")
            .with("EPI_REDIS_USER", "")
            .with("EPI_REDIS_AUTHENTICATION", "jwt")
            .with("EPI_CA_FILE", "variable.pem")
            .with("EPI_REDIS_PASSWORD", "CANARY")
    };
    let of_variables = [
        ["endpoint", "https://variable:9443", "EPI_REDIS_ENDPOINT"],
        ["user", "profile", "user of profile 'rd'"],
        ["authentication", "jwt", "EPI_REDIS_AUTHENTICATION"],
        ["ca_file", "variable.pem", "EPI_CA_FILE"],
        ["secret", "given", "EPI_REDIS_PASSWORD"],
    ];
    assert_eq!(of(variables(), &show).await, of_variables);
    assert_eq!(of(variables().with("EPI_PROFILE", "rd"), &show[..2]).await, of_variables);
    let mut of_options = of_variables;
    of_options[0] = ["endpoint", "https://option:9443", "--endpoint"];
    of_options[3] = ["ca_file", "option.pem", "--ca-file"];
    let options = ["--endpoint", "https://option:9443", "--ca-file", "option.pem"];
    assert_eq!(of(variables(), &[&show[..], &options].concat()).await, of_options);
    let text = variables().run(&show).await.stdout;
    assert!(text.contains("EPI_REDIS_ENDPOINT") && !text.contains("CANARY"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_where_a_profile_says() {
    let emulator = emulator().await;
    let account = account_profiles(&emulator);
    let program = if cfg!(windows) { r#"["cmd", "/c", "type", "secret.txt"]"# } else { r#"["cat", "secret.txt"]"# };
    let connect = ["redis", "connect", "--profile", "rd"];
    for source in [
        "{ env = \"RD_SECRET\" }".to_owned(),
        "{ file = \"secret.txt\" }".to_owned(),
        format!("{{ command = {program} }}"),
    ] {
        let epi = || profiles(Epi::bare(), &account.replace("{ env = \"RD_SECRET\" }", &source));
        // Not there yet.
        for arguments in [&connect[..], &["profile", "check", "rd"]] {
            let run = epi().run(arguments).await;
            assert!(matches!(run.code, Some(1 | 3)), "{run:?}");
            assert!(run.stderr.contains("the secret of profile 'rd'"), "{run:?}");
        }
        let epi = epi().with("RD_SECRET", emulator.redis().password());
        // Relative to the file for a file; to the working directory for a program.
        for name in ["secret.txt", "home/epicloud/secret.txt"] {
            epi.write(name, format!("{}\n", emulator.redis().password()).as_bytes());
        }
        let run = epi.run(&connect).await;
        assert_eq!(run.code, Some(0), "{source}: {run:?}");
        let checked = epi.run(&["profile", "check", "rd"]).await;
        assert!(checked.stdout.starts_with("profile rd is valid (redis-enterprise, secret "), "{checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_with_a_secret_in_it_is_refused_and_not_shown() {
    for (members, rule) in [
        ("service = \"redis-enterprise\"\npassword = \"CANARY\"", "password: unknown field"),
        ("service = \"guidewire\"\nclient_secret = \"CANARY\"", "client_secret: unknown field"),
        ("secret = \"CANARY\"", "must say where its secret is, not what it is"),
        ("secret = CANARY", "line 2"),
    ] {
        let epi = || profiles(Epi::bare(), &format!("[profile.bad]\n{members}\n"));
        for arguments in [
            &["profile", "show", "bad"][..],
            &["profile", "check", "bad"],
            &["redis", "connect", "--profile", "bad"],
            &["profile", "list"],
        ] {
            for form in ["text", "json"] {
                let run = epi().run(&[arguments, &["-vv", "-o", form]].concat()).await;
                let output = format!("{}{}", run.stdout, run.stderr);
                assert!(!output.contains("CANARY"), "{run:?}");
                assert!(output.contains(rule), "{rule}: {run:?}");
                // A list of several shows the good ones beside the bad.
                let lists = arguments.ends_with(&["list"]) && !rule.starts_with("line");
                assert_eq!(run.code, Some(i32::from(!lists)), "{run:?}");
            }
        }
    }
    let none = Epi::bare();
    let home = none.path("home").display().to_string();
    let none = none.with("XDG_CONFIG_HOME", &home).with("APPDATA", &home);
    assert_eq!(none.run(&["profile", "list"]).await.stdout, "no profiles\n");
    none.run(&["profile", "show", "x"]).await.refused(1, &["there are no profiles"]);
    none.run(&["profile", "check"]).await.refused(1, &["no profile is named"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_any_service_is_shown() {
    let emulator = emulator().await;
    let mut canaries = vec![
        emulator.redis().password().to_owned(),
        emulator.guidewire().client_secret().to_owned(),
        emulator.redis().database_password(1).unwrap(),
        emulator.redis().database_password(2).unwrap(),
    ];
    canaries.retain(|canary| !canary.is_empty());
    assert!(canaries.len() >= 3, "databases have passwords");
    let destinations = [
        json!({"type": "s3", "bucket_name": "b", "access_key_id": "KEY", "secret_access_key": "CANARY"}),
        json!({"type": "abs", "account_name": "a", "container": "c", "account_key": "Q0FOQVJZ"}),
        json!({"type": "abs", "account_name": "a", "container": "c", "sas_token": "sv=1&sig=CANARY"}),
        json!({"type": "gs", "bucket_name": "b", "client_id": "1", "client_email": "a@b.c", "private_key_id": "2",
               "private_key": "CANARY"}),
        json!({"type": "url", "url": "ftp://user:CANARY@host/folder"}),
        json!({"type": "sftp", "sftp_url": "sftp://user:CANARY@host:22/folder"}),
    ];
    canaries.extend(["CANARY", "Q0FOQVJZ"].map(str::to_owned));
    let mut outputs = Vec::new();
    let jwt = ["--authentication", "jwt"];
    for form in ["text", "json", "jsonl"] {
        let epi = epi(&emulator);
        let mut keep = async |arguments: &[&str]| {
            let arguments = [arguments, &["-vv", "-o", form]].concat();
            let run = epi.run(&arguments).await;
            outputs.push(format!("{}\n{}{}", arguments.join(" "), run.stdout, run.stderr));
            run
        };
        for arguments in [
            &["guidewire", "connect"][..],
            &CREATE,
            &["guidewire", "backup", "list"],
            &["redis", "connect", "--uid", "1"],
            &[&["redis", "connect"][..], &jwt].concat(),
            &["redis", "database", "list"],
            &["redis", "database", "show", "--uid", "1"],
            &START,
            &["redis", "export", "show", "--uid", "1"],
            &["profile", "show"],
        ] {
            assert_eq!(keep(arguments).await.code, Some(0), "{arguments:?}");
        }
        for destination in &destinations {
            epi.write("secret.json", destination.to_string().as_bytes());
            let start = ["redis", "export", "start", "--uid", "2", "--location-file", "secret.json"];
            keep(&[&start[..], &["--wait", "--polling-interval", "1"]].concat()).await;
            keep(&[&start[..], &jwt].concat()).await;
        }
        keep(&["redis", "export", "start", "--uid", "9", "--location-file", "secret.json"]).await;
    }
    for canary in &canaries {
        for output in &outputs {
            assert!(!output.contains(canary.as_str()), "{canary} in {output}");
        }
    }
    // Handles are what travels furthest.
    let handles =
        outputs.iter().flat_map(|output| output.split(|c: char| !(c.is_ascii_alphanumeric() || "-_:".contains(c))));
    let handles: Vec<&str> = handles.filter(|word| word.starts_with("redis:") || word.starts_with("gw:")).collect();
    assert!(handles.len() > 10, "handles were printed");
    for handle in handles {
        let encoded = handle.split_once(':').unwrap().1;
        let Ok(json) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded) else { continue };
        let json = String::from_utf8(json).unwrap();
        assert!(canaries.iter().all(|canary| !json.contains(canary.as_str())), "{json}");
    }
    // What the log did show: requests with their tokens masked, as the emulator received them.
    let tokens: Vec<String> =
        emulator.requests().iter().filter_map(|request| request.header("authorization")).map(str::to_owned).collect();
    assert!(!tokens.is_empty());
    for token in tokens {
        let word = token.rsplit(' ').next().unwrap().to_owned();
        if word.len() > 8 {
            assert!(outputs.iter().all(|output| !output.contains(&word)), "{word}");
        }
    }
}
