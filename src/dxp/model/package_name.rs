//! Deployment packages: the rule their names follow.

use crate::base::error::{Error, Result};
use crate::base::next_step::{NextStep, Setting};

/// What a package holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageKind {
    /// A code package (`nupkg` or `zip`).
    Code,
    /// A database (`bacpac`).
    Database,
}

/// The kind of a blob name that follows the rule of spec 3.3, or `None`.
///
/// An optional prefix that is not empty and ends in a dot; then `cms`, `commerce` or `head`, `.app.`, a version and
/// `.nupkg` or `.zip`; or `cms` or `commerce`, `.sqldb.`, a version and `.bacpac`. Letter case does not matter. As in
/// the original's expression, "any character" excludes the line feed and one line feed at the very end is accepted.
#[must_use]
pub fn package_kind(name: &str) -> Option<PackageKind> {
    let name = name.strip_suffix('\n').unwrap_or(name).to_lowercase();
    if name.contains('\n') {
        return None;
    }
    let matches = |types: &[&str], middle: &str, ends: &[&str]| {
        ends.iter().filter_map(|end| name.strip_suffix(end)).any(|stem| {
            types.iter().any(|kind| {
                let core = format!("{kind}{middle}");
                stem.match_indices(&core).any(|(at, _)| {
                    let prefix = &stem[..at];
                    let version = &stem[at + core.len()..];
                    // "a prefix that has at least one character and ends in a dot": at least two characters in all.
                    (prefix.is_empty() || (prefix.len() > 1 && prefix.ends_with('.'))) && !version.is_empty()
                })
            })
        })
    };
    if matches(&["cms", "commerce", "head"], ".app.", &[".nupkg", ".zip"]) {
        Some(PackageKind::Code)
    } else if matches(&["cms", "commerce"], ".sqldb.", &[".bacpac"]) {
        Some(PackageKind::Database)
    } else {
        None
    }
}

/// Whether two packages are one to the service, which tells no names apart by their case.
#[must_use]
pub fn is_same_package(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Checks a package name before anything is sent.
///
/// # Errors
/// `InvalidArgument` naming `field`, with the rule as the next step.
pub fn check_package_name(field: &str, name: &str) -> Result<PackageKind> {
    package_kind(name).ok_or_else(|| {
        Error::invalid(field, format!("the deployment package is not recognized: {name}")).with_next_step(
            NextStep::text(
                "name it [name.](cms|commerce|head).app.<version>.(nupkg|zip) or \
                 [name.](cms|commerce).sqldb.<version>.bacpac, for example mysite.cms.app.1.0.0.nupkg; ",
            )
            .setting(Setting::BlobName)
            .and(" uploads the file under another name"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of spec 3.3.
    #[test]
    fn the_name_rule() {
        use PackageKind::{Code, Database};
        for (name, expected) in [
            ("cms.app.1.0.0.nupkg", Some(Code)),
            ("site.cms.app.1.0.0.nupkg", Some(Code)),
            ("site.cms.app.1.0.0.zip", Some(Code)),
            ("a.b.cms.app.1.nupkg", Some(Code)),
            ("commerce.app.20190311103000.nupkg", Some(Code)),
            ("mysite.head.app.2025.zip", Some(Code)),
            ("head.app.1.nupkg", Some(Code)),
            ("cms.sqldb.1.bacpac", Some(Database)),
            ("myapp.commerce.sqldb.1.0.0.bacpac", Some(Database)),
            ("CMS.APP.1.0.NUPKG", Some(Code)),
            ("cms.app.1.nupkg.zip", Some(Code)),
            ("cms.app.-.nupkg", Some(Code)),
            ("cms.app. .nupkg", Some(Code)),
            ("cms.app...nupkg", Some(Code)),
            ("..cms.app.1.nupkg", Some(Code)),
            ("my site.cms.app.1.nupkg", Some(Code)),
            ("site.cms.app.1.0.0.nupkg.cms.sqldb.1.bacpac", Some(Database)),
            ("dir/x.cms.app.1.nupkg", Some(Code)),
            ("cms.app.1.nupkg\n", Some(Code)),
            ("mycms.app.1.0.nupkg", None),
            ("my-cms.app.1.0.nupkg", None),
            ("cms.app.nupkg", None),
            ("cms.app..nupkg", None),
            (".cms.app.1.nupkg", None),
            ("head.sqldb.1.bacpac", None),
            ("x.head.sqldb.1.bacpac", None),
            ("site.cms.app.1.0.0.bacpac", None),
            ("cms.sqldb.1.nupkg", None),
            ("cms.sqldb.bacpac", None),
            ("site.1.0.0.nupkg", None),
            ("cmsapp.1.nupkg", None),
            ("site.cms.db.1.bacpac", None),
            ("site.cms.app.1.0.0.7z", None),
            ("site.cms.app.1.0.0.nupkg.bak", None),
            ("dir/cms.app.1.nupkg", None),
            ("cms.app.1\n.nupkg", None),
            ("", None),
        ] {
            assert_eq!(package_kind(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_refused_name_comes_with_the_rule() {
        let error = check_package_name("blobName", "stub.py").unwrap_err();
        assert_eq!(error.to_string(), "blobName: the deployment package is not recognized: stub.py");
        assert!(error.next_step().unwrap().contains("mysite.cms.app"));
    }
}
