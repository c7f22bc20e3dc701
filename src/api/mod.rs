//! Level 2: the DXP deployment service, one file per resource.
//!
//! Turns typed calls into the eleven endpoints E1 to E11 of spec section 2 and their answers into the service's
//! nouns. [`call`] is the one place that repeats an API request, [`poll`] the one loop that asks again until
//! something has ended. Touches no files and knows nothing of blobs.

pub mod call;
pub mod deployments;
pub mod endpoint;
mod envelope;
pub mod exports;
mod json;
pub mod links;
mod patience;
pub mod poll;
