//! Takes request targets apart: which ones mean a blob, and percent-decoding of path segments. Pure.

/// A container or blob a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobAddress {
    pub account: String,
    pub container: String,
    /// Decoded name; empty for the container itself.
    pub blob: String,
}

impl BlobAddress {
    /// Reads `/{account}.blob.core.windows.net/{container}/{blob}`, or the account from a host such as
    /// `{account}.blob.localhost` with `/{container}/{blob}` as the path.
    pub fn read(host: &str, path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.splitn(2, '/');
        let first = parts.next().unwrap_or_default();
        if let Some((account, _)) = first.split_once(".blob.core.windows.net") {
            return Some(Self::below(account, parts.next().unwrap_or_default()));
        }
        let (account, domain) = host.split_once(".blob.")?;
        let domain = domain.split(':').next().unwrap_or_default();
        matches!(domain, "localhost" | "core.windows.net").then(|| Self::below(account, &path[1..]))
    }

    fn below(account: &str, rest: &str) -> Self {
        let (container, blob) = rest.split_once('/').unwrap_or((rest, ""));
        Self { account: account.to_owned(), container: decode(container), blob: decode(blob) }
    }
}

/// Percent-decodes; bytes that are no UTF-8 are replaced.
pub fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_told_by_path_or_by_host() {
        let address = |account: &str, container: &str, blob: &str| {
            Some(BlobAddress { account: account.into(), container: container.into(), blob: blob.into() })
        };
        let table = [
            ("127.0.0.1:1", "/a.blob.core.windows.net/c/d/e%20f", address("a", "c", "d/e f")),
            ("127.0.0.1:1", "/a.blob.core.windows.net/c", address("a", "c", "")),
            ("a.blob.localhost:1", "/c/d", address("a", "c", "d")),
            ("a.blob.core.windows.net", "/c/d", address("a", "c", "d")),
            ("a.blob.elsewhere", "/c/d", None),
            ("127.0.0.1:1", "/api/v1.0/projects/x", None),
        ];
        for (host, path, expected) in table {
            assert_eq!(BlobAddress::read(host, path), expected, "{host} {path}");
        }
    }
}
