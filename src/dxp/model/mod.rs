//! The service's nouns as plain data: what a deployment, an export, a package and a storage container are.
//!
//! Results keep the service's own JSON object, unknown fields and order included
//! ([`ServiceObject`](crate::base::service_object::ServiceObject)), because the service adds fields and scripts read them (spec
//! 4.1). Typed accessors read what the library itself needs.

pub mod deployment;
pub mod export;
pub mod package_name;
pub mod project;
pub mod storage;

/// The names of members that the service documents (spec 2).
pub(crate) const DOCUMENTED: [&str; 20] = [
    "bacpacName",
    "containerName",
    "databaseDisplayName",
    "databaseName",
    "deploymentErrors",
    "deploymentWarnings",
    "downloadLink",
    "endTime",
    "environment",
    "expiresOn",
    "id",
    "location",
    "parameters",
    "percentComplete",
    "projectId",
    "sasLink",
    "startTime",
    "status",
    "storageContainers",
    "validationLinks",
];

/// The value of one of the service's words, ignoring case as the original does; `None` for a word that is not listed.
pub(crate) fn known_word<T: Copy>(words: &[(&str, T)], text: &str) -> Option<T> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

/// Declares a noun whose value is the service's object.
macro_rules! service_noun {
    ($(#[$doc:meta])* $name:ident, $what:literal, requires [$($required:literal),*]) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::base::service_object::ServiceObject);

        impl $name {
            /// Takes the service's object and checks that the members needed to go on are there.
            ///
            /// # Errors
            /// `Protocol` naming what is missing.
            pub fn from_value(value: serde_json::Value) -> $crate::base::error::Result<Self> {
                let document = $crate::base::service_object::ServiceObject::from_value($what, value)?;
                let document = document.put_right(&$crate::dxp::model::DOCUMENTED, &["id", "status"]);
                $(document.required($what, $required)?;)*
                Ok(Self(document))
            }

            /// The service's object, whole.
            #[must_use]
            pub fn document(&self) -> &$crate::base::service_object::ServiceObject {
                &self.0
            }
        }

        // Only what identifies it: an object may hold links, and links are secrets.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("id", &self.0.text("id"))
                    .field("status", &self.0.text("status"))
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use service_noun;
