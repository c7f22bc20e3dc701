//! Makes the file of an export ready: lays the archive out, sums it up on a blocking thread, and puts it into the
//! store in use. The export succeeds only once this is done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::watch;

use super::containers::BACPACS;
use super::export::Export;
use crate::bacpac::{Layout, Shape};
use crate::blob::Storage;

/// A laid out archive and its MD5, when that was wanted.
type Prepared = (Arc<Layout>, Option<String>);

/// Tells how a preparation ended; `None` while it is under way.
pub(super) type Ready = watch::Receiver<Option<Result<(), String>>>;

/// The preparations of all exports.
#[derive(Debug, Default)]
pub(crate) struct Preparations {
    /// By export id.
    states: Mutex<HashMap<String, Ready>>,
    /// Exports of one shape share their layout.
    layouts: Arc<Mutex<HashMap<Shape, Prepared>>>,
}

impl Preparations {
    /// Starts, unless it was started before in this run.
    pub(super) fn begin(&self, storage: &Arc<Storage>, with_md5: bool, export: &Export) -> Ready {
        let mut states = crate::lock(&self.states);
        if let Some(known) = states.get(&export.id) {
            return known.clone();
        }
        let (done, state) = watch::channel(None);
        states.insert(export.id.clone(), state.clone());
        let (storage, name, shape) = (Arc::clone(storage), export.bacpac.clone(), export.shape.clone());
        let layouts = Arc::clone(&self.layouts);
        tokio::spawn(async move {
            let result = prepare(&storage, &layouts, with_md5, &name, shape).await;
            // Nobody may be waiting any more.
            let _ = done.send(Some(result));
        });
        state
    }
}

async fn prepare(
    storage: &Storage,
    layouts: &Mutex<HashMap<Shape, Prepared>>,
    with_md5: bool,
    name: &str,
    shape: Shape,
) -> Result<(), String> {
    let known = crate::lock(layouts).get(&shape).cloned();
    let (layout, content_md5) = match known {
        Some(known) => known,
        None => {
            let key = shape.clone();
            let made = tokio::task::spawn_blocking(move || {
                let layout = Layout::build(shape);
                let md5 = with_md5.then(|| STANDARD.encode(layout.md5()));
                (Arc::new(layout), md5)
            });
            let made = made.await.map_err(|failure| failure.to_string())?;
            crate::lock(layouts).insert(key, made.clone());
            made
        }
    };
    storage.put_layout(BACPACS, name, layout, content_md5).await.map_err(|failure| failure.to_string())
}
