//! `epi` and bacpacs that are not intact: an export that is saved is refused before it gets its name, a file that is
//! uploaded is warned of.

use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};
use serde_json::Value;

use super::bacpac_archive::{Archive, MODEL, Part, TABLE, Writer, origin, parts};
use super::fixture::{Epi, Run, names_in};

const FILE: &str = "db.bacpac";

/// An emulator with an export that has ended, and what is needed to save it.
struct Exported {
    emulator: Emulator,
    epi: Epi,
    id: String,
    blob: String,
}

impl Exported {
    async fn new(config: Config) -> Self {
        let config = Config { speed: Speed::Instant, export_size: 300_000, ..config };
        let emulator = Emulator::start(config).await.unwrap();
        let epi = Epi::new(&emulator, emulator.endpoint());
        let start = ["export", "start", "--environment", "Production", "--database", "epicms", "--wait"];
        let started = epi.run(&[&start[..], &["--polling-interval", "1", "--output", "json"]].concat()).await.json();
        let [id, blob] = ["id", "bacpacName"].map(|name| started[name].as_str().unwrap().to_owned());
        Self { emulator, epi, id, blob }
    }

    /// Puts other bytes in the place of the exported database.
    fn replace(&self, bytes: &[u8]) {
        self.emulator.put_blob("bacpacs", &self.blob, bytes).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        self.emulator.blob("bacpacs", &self.blob).unwrap().read(0..u64::MAX).unwrap()
    }

    async fn save(&self, file: &str, more: &[&str]) -> Run {
        let save = ["export", "save", "--environment", "Production", "--database", "epicms", "--id", &self.id];
        self.epi.run(&[&save[..], &["--output-file", file], more].concat()).await
    }
}

/// Files that are not an intact bacpac, with the exit code and what is said of each.
fn broken(good: &[u8]) -> Vec<(Vec<u8>, i32, &'static str)> {
    let mut model = parts(Writer::Net);
    model[1] = Part::new(Writer::Net, "model.xml", MODEL.replace("tbl", "abc").as_bytes(), true);
    let mut dacpac: Vec<Part> = parts(Writer::Net).into_iter().filter(|part| part.name != TABLE).collect();
    dacpac[0] = Part::new(Writer::Net, "Origin.xml", origin(MODEL.as_bytes(), "false", "").as_bytes(), true);
    let mut damaged = Archive::of(&parts(Writer::Net)).bytes();
    let at = damaged.windows(9).position(|bytes| bytes == b"DacOrigin").unwrap();
    damaged[at] ^= 1;
    vec![
        (good[..good.len() - 1].to_vec(), 12, "truncated"),
        (good[..200_000].to_vec(), 12, "truncated"),
        ([good, b"<html>timeout</html>"].concat(), 12, "20 unrelated bytes follow"),
        ([&good[..1000], &good[1100..]].concat(), 12, "100 bytes are missing"),
        (damaged, 12, "Origin.xml is corrupt: its CRC-32"),
        (Archive::of(&model).bytes(), 12, "model.xml is corrupt or was modified: its SHA-256"),
        (Archive::of(&dacpac).bytes(), 12, "a dacpac"),
        (Archive::of(&[Part::new(Writer::Net, "a.txt", b"a", false)]).bytes(), 12, "a ZIP archive without model.xml"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".to_vec(), 12, "Git LFS pointer"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>".to_vec(), 12, "a web page"),
        (b"{\"error\":\"busy\"}".to_vec(), 12, "a JSON document"),
        ((0..=255).cycle().take(1 << 20).collect(), 12, "not a ZIP archive"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_an_intact_bacpac_is_refused_before_it_gets_its_name() {
    let exported = Exported::new(Config::default()).await;
    let good = exported.bytes();
    exported.epi.write(FILE, b"the dump of yesterday");
    for (bytes, code, words) in broken(&good) {
        exported.replace(&bytes);
        let run = exported.save(FILE, &["--force"]).await;
        run.refused(code, &["not a valid bacpac", words, "export the database again"]);
        assert!(!run.stderr.contains("resume"), "the same export would give the same file: {run:?}");
        assert_eq!(std::fs::read(exported.epi.path(FILE)).unwrap(), b"the dump of yesterday", "{words}");
        assert_eq!(names_in(exported.epi.folder.path()), [FILE], "{words}: nothing is left to resume");
    }
    // Whatever the file is called: the content is what an export must be.
    exported.save("production.bin", &[]).await.refused(12, &["not a ZIP archive"]);

    exported.replace(&good);
    let saved = exported.save(FILE, &["--force", "--output", "json"]).await.json();
    assert_eq!(
        (saved["structure"].as_str(), &saved["warnings"]),
        (Some("checked"), &Value::from([Value::Null; 0].to_vec()))
    );
    assert_eq!((saved["verified"].as_str(), saved["resumedBytes"].as_u64()), (Some("md5"), Some(0)));
    assert_eq!(std::fs::read(exported.epi.path(FILE)).unwrap(), good);
}

/// Where blob storage gives no checksum, only the structure shows that something was changed on the way.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_on_the_way_is_noticed_without_an_md5() {
    let exported = Exported::new(Config { export_md5: false, ..Config::default() }).await;
    let good = exported.bytes();
    let model = good.windows(7).position(|bytes| bytes == b"[dbo].[").unwrap() as u64;
    let end = good.len() as u64 - 22;
    for offset in [0, model, end, end + 12] {
        let flip = Rule::new(Effect::FlipByte { offset }).method("GET").path("/bacpacs/");
        exported.emulator.faults().add(flip);
        let refused = exported.save(FILE, &["--streams", "1"]).await;
        refused.refused(12, &["not a valid bacpac", "download it again", "resume with: epi export save"]);
        assert_eq!(
            names_in(exported.epi.folder.path()),
            ["db.bacpac.partial.journal"],
            "byte {offset}: the export is kept"
        );
        exported.emulator.faults().clear();
    }
    let run = exported.save(FILE, &[]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("size verified; the blob storage has no MD5, structure checked"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn local_headers_that_differ_are_a_warning_and_the_file_is_saved() {
    let exported = Exported::new(Config::default()).await;
    let mut parts = parts(Writer::Net);
    parts[3].central.version = 45;
    let bytes = Archive::of(&parts).bytes();
    exported.replace(&bytes);
    let run = exported.save(FILE, &["--output", "jsonl"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let events: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warns = |event: &&Value| event["event"] == "warning" && event["text"].as_str().unwrap().contains(TABLE);
    assert!(events.iter().any(|event| warns(&event)), "{events:?}");
    let result = &events.last().unwrap()["result"];
    assert_eq!((&result["structure"], &result["warnings"][0]["code"]), (&"checked".into(), &"localHeaders".into()));
    assert!(result["warnings"][0]["text"].as_str().unwrap().contains("SSMS"));
    assert_eq!(std::fs::read(exported.epi.path(FILE)).unwrap(), bytes);
    let told = exported.save(FILE, &["--force"]).await;
    assert!(told.stderr.contains("warning: ") && told.stderr.contains("version needed"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_an_upload_whatever_is_wrong_is_a_warning() {
    let emulator = Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap();
    let epi = Epi::new(&emulator, emulator.endpoint());
    let good = epicloud_emulator::bacpac(300_000, 1);
    let stored = |name: &str| emulator.blob("deploymentpackages", name).unwrap().read(0..u64::MAX).unwrap();
    for (number, (bytes, _, words)) in broken(&good).into_iter().enumerate() {
        epi.write(FILE, &bytes);
        let name = format!("site.cms.sqldb.{number}.bacpac");
        let run = epi.run(&["package", "upload", FILE, "--blob-name", &name]).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        let warned =
            run.stderr.lines().find(|line| line.starts_with("warning: '")).unwrap_or_else(|| panic!("{run:?}"));
        assert!(warned.contains(words) && warned.contains(FILE), "{warned}");
        assert!(stored(&name) == bytes, "{words}");
    }
    let deployed = ["deploy", FILE, "--blob-name", "last.cms.sqldb.1.bacpac", "--to", "Integration", "--direct-deploy"];
    let run = epi.run(&[&deployed[..], &["--polling-interval", "1"]].concat()).await;
    assert!(run.code == Some(0) && run.stderr.contains("warning: '"), "{run:?}");
    epi.write(FILE, &good);
    let silent = |run: Run| assert!(run.code == Some(0) && !run.stderr.contains("warning: '"), "{run:?}");
    silent(epi.run(&["package", "upload", FILE, "--blob-name", "good.cms.sqldb.1.bacpac"]).await);
    // Code is not looked into.
    epi.write("site.cms.app.1.nupkg", b"code");
    silent(epi.run(&["package", "upload", "site.cms.app.1.nupkg"]).await);
}
