//! Level 2: block blobs behind a SAS link.
