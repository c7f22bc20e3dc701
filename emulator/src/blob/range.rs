//! The `Range` header of Get Blob. Pure.

/// What a range header asks of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// No range, or a header Azure ignores.
    Whole,
    /// First byte and number of bytes.
    Part(u64, u64),
    /// Begins behind the end.
    Unsatisfiable,
}

/// Reads `bytes=a-b` or `bytes=a-` against the length. Azure takes one range; a suffix range (`bytes=-n`) and several
/// ranges are ignored as RFC 9110 allows.
pub fn read(header: Option<&str>, length: u64) -> Span {
    let Some((first, last)) = header.and_then(|header| header.strip_prefix("bytes=")?.split_once('-')) else {
        return Span::Whole;
    };
    let Ok(first) = first.trim().parse::<u64>() else {
        return Span::Whole;
    };
    let last = match last.trim() {
        "" => u64::MAX,
        last => match last.parse::<u64>() {
            Ok(last) if last >= first => last,
            _ => return Span::Whole,
        },
    };
    if first >= length {
        return Span::Unsatisfiable;
    }
    Span::Part(first, last.min(length - 1) - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_blob() {
        let table = [
            (None, Span::Whole),
            (Some("bytes=0-"), Span::Part(0, 100)),
            (Some("bytes=0-0"), Span::Part(0, 1)),
            (Some("bytes=10-19"), Span::Part(10, 10)),
            (Some("bytes=90-1000"), Span::Part(90, 10)),
            (Some("bytes=99-"), Span::Part(99, 1)),
            (Some("bytes=100-"), Span::Unsatisfiable),
            (Some("bytes=20-10"), Span::Whole),
            (Some("bytes=-5"), Span::Whole),
            (Some("bytes=0-1,5-6"), Span::Whole),
            (Some("items=0-1"), Span::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(read(header, 100), expected, "{header:?}");
        }
        assert_eq!(read(Some("bytes=0-"), 0), Span::Unsatisfiable);
    }
}
