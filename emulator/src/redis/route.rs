//! Which endpoint a path means, which methods it takes, and what its caller needs (spec 3, 5, 8 to 12). Pure.

use super::user::Permission;
use crate::http::decode;

/// An endpoint with the ids of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Databases,
    Database(String),
    Export(String),
    Import(String),
    Reset(Kind, String),
    Schema,
    Actions,
    Action(String),
    DatabaseActions(String),
    Actions2,
    Action2(String),
    Modules,
    Module(String),
    Capabilities,
    Nodes,
    Node(String),
    Authorize,
    Refresh,
}

/// What a reset is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Export,
    Backup,
    Import,
}

/// Finds the endpoint; `None` for a path that leads nowhere.
pub(super) fn route(path: &str, unprefixed: bool, v2_actions: bool) -> Option<Endpoint> {
    let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["v2", "actions"] if v2_actions => Some(Endpoint::Actions2),
        ["v2", "actions", uid] if v2_actions && !uid.is_empty() => Some(Endpoint::Action2(uid.to_owned())),
        ["v1", ref rest @ ..] => first(rest),
        ["v2", ..] => None,
        ref rest if unprefixed => first(rest),
        _ => None,
    }
}

fn first(segments: &[&str]) -> Option<Endpoint> {
    let given = |uid: &str| uid.to_owned();
    if segments.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    Some(match *segments {
        ["bdbs"] => Endpoint::Databases,
        ["bdbs", uid] => Endpoint::Database(given(uid)),
        ["bdbs", uid, "actions", "export"] => Endpoint::Export(given(uid)),
        ["bdbs", uid, "actions", "import"] => Endpoint::Import(given(uid)),
        ["bdbs", uid, "actions", "export_reset_status"] => Endpoint::Reset(Kind::Export, given(uid)),
        ["bdbs", uid, "actions", "backup_reset_status"] => Endpoint::Reset(Kind::Backup, given(uid)),
        ["bdbs", uid, "actions", "import_reset_status"] => Endpoint::Reset(Kind::Import, given(uid)),
        ["jsonschema"] => Endpoint::Schema,
        ["actions"] => Endpoint::Actions,
        ["actions", "bdb", uid] => Endpoint::DatabaseActions(given(uid)),
        ["actions", uid] => Endpoint::Action(given(uid)),
        ["modules"] => Endpoint::Modules,
        ["modules", uid] => Endpoint::Module(given(uid)),
        ["cluster", "module-capabilities"] => Endpoint::Capabilities,
        ["nodes"] => Endpoint::Nodes,
        ["nodes", uid] => Endpoint::Node(given(uid)),
        ["users", "authorize"] => Endpoint::Authorize,
        ["users", "refresh_jwt"] => Endpoint::Refresh,
        _ => return None,
    })
}

impl Endpoint {
    /// The method the endpoint takes.
    pub(super) fn method(&self) -> &'static str {
        match self {
            Self::Export(_) | Self::Import(_) | Self::Authorize | Self::Refresh => "POST",
            Self::Reset(..) => "PUT",
            _ => "GET",
        }
    }

    /// What its caller needs.
    pub(super) fn permission(&self) -> Permission {
        match self {
            Self::Export(_) => Permission::StartExport,
            Self::Import(_) => Permission::StartImport,
            Self::Reset(Kind::Export, _) => Permission::ResetExport,
            Self::Reset(Kind::Backup, _) => Permission::ResetBackup,
            Self::Reset(Kind::Import, _) => Permission::ResetImport,
            Self::Databases | Self::Database(_) => Permission::ViewDatabases,
            Self::Actions | Self::Action(_) | Self::DatabaseActions(_) | Self::Actions2 | Self::Action2(_) => {
                Permission::ViewActions
            }
            Self::Modules | Self::Module(_) | Self::Capabilities => Permission::ViewModules,
            Self::Nodes | Self::Node(_) => Permission::ViewNodes,
            Self::Schema | Self::Authorize | Self::Refresh => Permission::SignedIn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_endpoints() {
        let table = [
            ("/v1/bdbs", Some(Endpoint::Databases)),
            ("/v1/bdbs/1", Some(Endpoint::Database("1".into()))),
            ("/v1/bdbs/1/actions/export", Some(Endpoint::Export("1".into()))),
            ("/v1/bdbs/1/export", None),
            ("/v1/bdbs/1/actions/backup", None),
            ("/v1/bdbs/1/actions/restore", None),
            ("/v1/bdbs/1/actions/backup_reset_status", Some(Endpoint::Reset(Kind::Backup, "1".into()))),
            ("/v1/bdbs//actions/export", None),
            ("/v1/jsonschema/bdb", None),
            ("/v1/actions/bdb/1", Some(Endpoint::DatabaseActions("1".into()))),
            ("/v1/actions/a-b", Some(Endpoint::Action("a-b".into()))),
            ("/v2/bdbs", None),
            ("/bdbs", None),
            ("/", None),
        ];
        for (path, expected) in table {
            assert_eq!(route(path, false, true), expected, "{path}");
        }
        assert_eq!(route("/bdbs/1/actions/export", true, true), Some(Endpoint::Export("1".into())));
        assert_eq!(route("/v2/actions", false, true), Some(Endpoint::Actions2));
        assert_eq!(route("/v2/actions", true, false), None);
    }
}
