//! Users: how credentials name one, and what each role may do (spec 2 and 3). Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::config::{Role, User};
use super::jwt::Claims;
use crate::clock::Milliseconds;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    StartExport,
    ResetExport,
    ResetBackup,
    StartImport,
    ResetImport,
    ViewDatabases,
    ViewActions,
    ViewModules,
    ViewNodes,
    /// None that the documentation names.
    SignedIn,
}

impl Permission {
    /// The name in the documentation.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::StartExport => "start_bdb_export",
            Self::ResetExport => "reset_bdb_current_export_status",
            Self::ResetBackup => "reset_bdb_current_backup_status",
            Self::StartImport => "start_bdb_import",
            Self::ResetImport => "reset_bdb_current_import_status",
            Self::ViewDatabases => "view_all_bdbs_info",
            Self::ViewActions => "view_status_of_cluster_action",
            Self::ViewModules => "view_cluster_modules",
            Self::ViewNodes => "view_all_nodes_info",
            Self::SignedIn => "none",
        }
    }

    /// Whether a role has it. That of nodes is assumed: it belongs to those who work with the cluster.
    pub(super) fn is_of(self, role: Role) -> bool {
        use Role::{Admin, ClusterMember, ClusterViewer, DbMember, None, UserManager};
        match self {
            _ if role == None => false,
            Self::StartExport | Self::ResetExport | Self::ResetBackup | Self::StartImport | Self::ResetImport => {
                matches!(role, Admin | ClusterMember | DbMember)
            }
            Self::ViewNodes => matches!(role, Admin | ClusterMember | ClusterViewer | UserManager),
            Self::ViewDatabases | Self::ViewActions | Self::ViewModules | Self::SignedIn => true,
        }
    }
}

/// Why credentials name nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    Unknown,
    PasswordExpired,
}

/// The users of the cluster, by id from 1.
#[derive(Debug)]
pub(super) struct Users {
    users: Vec<User>,
    /// Signs tokens.
    key: String,
}

impl Users {
    pub(super) fn new(users: Vec<User>, key: String) -> Self {
        Self { users, key }
    }

    pub(super) fn add(&mut self, user: User) {
        match self.users.iter_mut().find(|known| known.name == user.name) {
            Some(known) => *known = user,
            None => self.users.push(user),
        }
    }

    /// What signs tokens.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whom a user name and a password name.
    pub(super) fn by_password(&self, name: &str, password: &str) -> Result<u32, Stranger> {
        let index = self.users.iter().position(|user| user.name == name && user.password == password);
        let index = index.ok_or(Stranger::Unknown)?;
        if self.users[index].password_expired {
            return Err(Stranger::PasswordExpired);
        }
        Ok(uid_of(index))
    }

    /// Whom a Basic header names.
    pub(super) fn by_basic(&self, authorization: Option<&str>) -> Result<u32, Stranger> {
        let decoded = authorization.and_then(basic).ok_or(Stranger::Unknown)?;
        let (name, password) = decoded.split_once(':').ok_or(Stranger::Unknown)?;
        self.by_password(name, password)
    }

    /// Whom a token names.
    pub(super) fn by_token(
        &self,
        authorization: Option<&str>,
        bearer: bool,
        now: Milliseconds,
    ) -> Result<u32, Stranger> {
        let header = authorization.and_then(|header| header.split_once(' '));
        let (_, token) = header
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("jwt") || bearer && scheme.eq_ignore_ascii_case("bearer"))
            .ok_or(Stranger::Unknown)?;
        let claims = Claims::read(token, self.key.as_bytes(), now).ok_or(Stranger::Unknown)?;
        let user = self.find(claims.uid).ok_or(Stranger::Unknown)?;
        if user.password_expired { Err(Stranger::PasswordExpired) } else { Ok(claims.uid) }
    }

    /// Whom a header names, by either scheme.
    pub(super) fn by_header(
        &self,
        authorization: Option<&str>,
        bearer: bool,
        now: Milliseconds,
    ) -> Result<u32, Stranger> {
        self.by_token(authorization, bearer, now).or_else(|_| self.by_basic(authorization))
    }

    pub(super) fn find(&self, uid: u32) -> Option<&User> {
        self.users.get(usize::try_from(uid).ok()?.checked_sub(1)?)
    }

    /// A token for so many seconds.
    pub(super) fn token(&self, uid: u32, seconds: i64, now: Milliseconds) -> String {
        let iat = now.div_euclid(1_000);
        Claims { iat, exp: iat.saturating_add(seconds), uid }.sign(self.key.as_bytes())
    }
}

fn uid_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1) + 1
}

fn basic(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    let decoded = STANDARD.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        let user = |name: &str, role, password_expired| User {
            name: name.to_owned(),
            password: "p:w".to_owned(),
            role,
            password_expired,
        };
        Users::new(vec![user("a@x", Role::Admin, false), user("b@x", Role::DbViewer, true)], "key".to_owned())
    }

    #[test]
    fn credentials_name_a_user() {
        let users = users();
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let token = users.token(1, 300, 1_000_000);
        for (header, bearer, now, expected) in [
            (basic("a@x:p:w"), false, 0, Ok(1)),
            (basic("a@x:other"), false, 0, Err(Stranger::Unknown)),
            (basic("b@x:p:w"), false, 0, Err(Stranger::PasswordExpired)),
            (format!("JWT {token}"), false, 1_299_999, Ok(1)),
            (format!("JWT {token}"), false, 1_300_000, Err(Stranger::Unknown)),
            (format!("Bearer {token}"), false, 1_000_000, Err(Stranger::Unknown)),
            (format!("Bearer {token}"), true, 1_000_000, Ok(1)),
            ("Basic ?".to_owned(), false, 0, Err(Stranger::Unknown)),
        ] {
            assert_eq!(users.by_header(Some(&header), bearer, now), expected, "{header}");
        }
        assert_eq!(users.by_header(None, false, 0), Err(Stranger::Unknown));
    }

    #[test]
    fn roles_have_the_permissions_of_the_documentation() {
        let may = |role, permission: Permission| permission.is_of(role);
        for role in [Role::Admin, Role::ClusterMember, Role::DbMember] {
            assert!(may(role, Permission::StartExport) && may(role, Permission::ResetExport), "{role:?}");
        }
        for role in [Role::ClusterViewer, Role::DbViewer, Role::UserManager] {
            assert!(!may(role, Permission::StartExport) && may(role, Permission::ViewDatabases), "{role:?}");
        }
        assert!(!may(Role::None, Permission::ViewDatabases) && !may(Role::DbViewer, Permission::ViewNodes));
    }
}
