//! The last look at a downloaded file by whoever knows what it should hold.

use std::sync::Arc;

use epicloud::base::error::{Error, Kind, Result};
use epicloud::base::readable::Readable;
use epicloud::transfer::{Download, Inspection};

use super::fixture::names_in;
use super::transfer_fixture::{BLOB, MIB, TransferFixture, content, download, receive};

/// Sees that the file is whole, and gives what it was made with.
struct Judge(Vec<u8>, fn() -> Result<Option<Error>>);

impl Inspection for Judge {
    fn refusal(&self, file: &dyn Readable, verified: bool) -> Result<Option<Error>> {
        let mut bytes = vec![0; file.length() as usize];
        file.read_at(&mut bytes, 0)?;
        assert!(bytes == self.0 && verified);
        self.1()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gets_its_name_only_after_its_inspection() {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let target = fixture.file("db.bacpac", b"old");
    let judged = |judgement| Download {
        overwrite: true,
        inspection: Some(Arc::new(Judge(bytes.clone(), judgement))),
        ..download(&fixture, &target)
    };
    // Refused: nothing is left that could be resumed.
    let refused = receive(&fixture, &judged(|| Ok(Some(Error::new(Kind::Integrity, "no"))))).await.unwrap_err();
    assert_eq!((refused.kind(), refused.message()), (Kind::Integrity, "no"));
    assert_eq!(
        (std::fs::read(&target).unwrap().as_slice(), names_in(fixture.folder.path())),
        (&b"old"[..], vec!["db.bacpac".into()])
    );
    // Kept from judging: what was received is resumed, and judged again.
    let kept = receive(&fixture, &judged(|| Err(Error::cancelled()))).await.unwrap_err();
    assert_eq!(kept.kind(), Kind::Cancelled);
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
    let saved = receive(&fixture, &judged(|| Ok(None))).await.unwrap();
    assert_eq!(saved.resumed_bytes, bytes.len() as u64);
    assert_eq!(std::fs::read(&target).unwrap(), bytes);
    assert_eq!(names_in(fixture.folder.path()), ["db.bacpac"]);
}
