//! Level 3: a file to or from a blob.
