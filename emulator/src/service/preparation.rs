//! Makes the file of an export ready: lays the archive out, sums it up on a blocking thread, and puts it into the
//! store in use. The export succeeds only once this is done.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::watch;

use crate::bacpac::{Layout, Shape};
use crate::blob::{Content, Properties};
use crate::core::{BACPACS, Core};

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
    pub(crate) fn begin(&self, core: &Arc<Core>, id: &str, name: &str, shape: &Shape) -> Ready {
        let mut states = crate::lock(&self.states);
        if let Some(known) = states.get(id) {
            return known.clone();
        }
        let (done, state) = watch::channel(None);
        states.insert(id.to_owned(), state.clone());
        let (core, name, shape) = (Arc::clone(core), name.to_owned(), shape.clone());
        let layouts = Arc::clone(&self.layouts);
        tokio::spawn(async move {
            let result = prepare(&core, &layouts, &name, shape).await;
            // Nobody may be waiting any more.
            let _ = done.send(Some(result));
        });
        state
    }
}

async fn prepare(
    core: &Core,
    layouts: &Mutex<HashMap<Shape, Prepared>>,
    name: &str,
    shape: Shape,
) -> Result<(), String> {
    let known = crate::lock(layouts).get(&shape).cloned();
    let (layout, content_md5) = match known {
        Some(known) => known,
        None => {
            let wanted = core.config.export_md5;
            let key = shape.clone();
            let made = tokio::task::spawn_blocking(move || {
                let layout = Layout::build(shape);
                let md5 = wanted.then(|| STANDARD.encode(layout.md5()));
                (Arc::new(layout), md5)
            });
            let made = made.await.map_err(|failure| failure.to_string())?;
            crate::lock(layouts).insert(key, made.clone());
            made
        }
    };
    if let Some(azurite) = &core.azurite {
        return azurite.upload(BACPACS, name, layout, content_md5).await.map_err(|failure| failure.to_string());
    }
    let properties =
        Properties { content_type: Some("application/octet-stream".to_owned()), content_md5, ..Properties::default() };
    let content = Content::Bacpac(layout);
    let stored =
        core.blobs.put_blob((BACPACS, name), None, crate::blob::NO_CONDITIONS, content, properties, core.clock.now());
    stored.map(|_| core.save()).map_err(|failure| failure.message)
}
