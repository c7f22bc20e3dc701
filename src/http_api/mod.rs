//! Level 2: what the services have in common that answer with JSON over HTTP. Knows none of them.

pub mod json;
