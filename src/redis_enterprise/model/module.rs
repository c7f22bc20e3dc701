//! Whether the modules of a database let it be exported (spec 12). Pure.

use serde_json::Value;

use super::database::LoadedModule;
use crate::base::error::Result;
use crate::base::service_object::unexpected;

/// The modules of a cluster.
#[derive(Debug, Clone)]
pub struct Modules(Vec<Value>);

/// Whether a database can be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exportable {
    /// Every module can.
    Yes,
    /// These modules cannot.
    No(Vec<String>),
    /// The cluster says nothing of these modules.
    Unknown(Vec<String>),
}

impl Modules {
    /// Takes the service's list.
    ///
    /// # Errors
    /// `Protocol` when it is not a list.
    pub fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Array(modules) => Ok(Self(modules)),
            other => Err(unexpected("a list of modules", &other)),
        }
    }

    /// Whether all of these modules have a capability.
    #[must_use]
    pub fn all_can(&self, loaded: &[LoadedModule<'_>], capability: &str) -> Exportable {
        let (mut lacking, mut unknown) = (Vec::new(), Vec::new());
        for module in loaded {
            match self.capabilities(module) {
                Some(capabilities) if capabilities.iter().any(|known| known == capability) => {}
                Some(_) => lacking.push(module.name.to_owned()),
                None => unknown.push(module.name.to_owned()),
            }
        }
        match (lacking.is_empty(), unknown.is_empty()) {
            (false, _) => Exportable::No(lacking),
            (true, false) => Exportable::Unknown(unknown),
            (true, true) => Exportable::Yes,
        }
    }

    /// By its id, else by name and version, of which a cluster may have several.
    fn capabilities(&self, loaded: &LoadedModule<'_>) -> Option<&Vec<Value>> {
        let text = |module: &Value, name: &str| module.get(name).and_then(Value::as_str).map(str::to_owned);
        let by_id = self.0.iter().find(|module| loaded.id.is_some() && text(module, "uid") == loaded.id);
        let by_name = || {
            self.0.iter().find(|module| {
                text(module, "module_name").as_deref() == Some(loaded.name)
                    && text(module, "semantic_version") == loaded.version
            })
        };
        by_id.or_else(by_name)?.get("capabilities")?.as_array()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_module_of_a_database_counts() {
        let modules = Modules::from_value(json!([
            {"uid": "1", "module_name": "search", "semantic_version": "8.0.1", "capabilities": ["types", "backup_restore"]},
            {"uid": "2", "module_name": "own", "semantic_version": "1.0.0", "capabilities": ["types"]},
            {"uid": "3", "module_name": "silent", "semantic_version": "1.0.0"},
        ]))
        .unwrap();
        let loaded = |id: Option<&str>, name| LoadedModule {
            id: id.map(str::to_owned),
            name,
            version: Some("8.0.1".to_owned()),
        };
        let all = |list: &[LoadedModule<'_>]| modules.all_can(list, "backup_restore");
        assert_eq!(all(&[]), Exportable::Yes);
        assert_eq!(all(&[loaded(Some("1"), "search"), loaded(None, "search")]), Exportable::Yes);
        assert_eq!(all(&[loaded(Some("2"), "own"), loaded(Some("3"), "silent")]), Exportable::No(vec!["own".into()]));
        assert_eq!(all(&[loaded(Some("3"), "silent")]), Exportable::Unknown(vec!["silent".into()]));
        assert_eq!(all(&[loaded(None, "own")]), Exportable::Unknown(vec!["own".into()]), "of another version");
        assert!(Modules::from_value(json!({})).is_err());
    }
}
