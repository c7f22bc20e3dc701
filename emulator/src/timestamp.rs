//! Points of virtual time as text: ISO 8601 for JSON and SAS, RFC 1123 for HTTP headers. Pure.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::clock::Milliseconds;

const ISO_MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const ISO_SECONDS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const ISO_SEVEN: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
const COMPACT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]");
const BASIC: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// `2019-08-26T09:28:39.479Z`, the form of `startTime` (spec 2.1).
pub(crate) fn iso_milliseconds(at: Milliseconds) -> String {
    text(at, ISO_MILLISECONDS)
}

/// `2019-08-26T09:28:39Z`, the form SAS fields use.
pub(crate) fn iso_seconds(at: Milliseconds) -> String {
    text(at, ISO_SECONDS)
}

/// `2021-03-05T06:13:29.1772593Z`, the form of `expiresOn` (spec 2.5, E8) and of Azure's error bodies.
pub(crate) fn iso_seven_digits(at: Milliseconds) -> String {
    text(at, ISO_SEVEN)
}

/// `20190826T092839Z`, for names of files.
pub(crate) fn basic(at: Milliseconds) -> String {
    text(at, BASIC)
}

/// `20190826092839`, for file names.
pub(crate) fn compact(at: Milliseconds) -> String {
    text(at, COMPACT)
}

/// `Mon, 26 Aug 2019 09:28:39 GMT`.
pub fn http_date(at: Milliseconds) -> String {
    text(at, HTTP)
}

/// Reads the forms a SAS may use for `st` and `se`: a date, or a UTC time with or without seconds and fraction.
pub(crate) fn parse_sas_time(text: &str) -> Option<Milliseconds> {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        17 => format!("{}:00Z", text.strip_suffix('Z')?),
        _ => text.to_owned(),
    };
    let at = OffsetDateTime::parse(&full, &time::format_description::well_known::Rfc3339).ok()?;
    full.ends_with('Z').then_some(())?;
    Milliseconds::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Reads an HTTP date in its RFC 1123 form.
pub(crate) fn parse_http_date(text: &str) -> Option<Milliseconds> {
    let at = time::PrimitiveDateTime::parse(text, HTTP).ok()?.assume_utc();
    Some(at.unix_timestamp() * 1_000)
}

fn text(at: Milliseconds, form: &[BorrowedFormatItem<'_>]) -> String {
    // A retention of billions of hours ends after the last year that has four digits: it is shown as that.
    let when = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT));
    when.format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_point_in_every_form() {
        let at = 1_566_811_719_479;
        assert_eq!(iso_milliseconds(at), "2019-08-26T09:28:39.479Z");
        assert_eq!(iso_seconds(at), "2019-08-26T09:28:39Z");
        assert_eq!(iso_seven_digits(at), "2019-08-26T09:28:39.4790000Z");
        assert_eq!(compact(at), "20190826092839");
        assert_eq!(basic(at), "20190826T092839Z");
        assert_eq!(http_date(at), "Mon, 26 Aug 2019 09:28:39 GMT");
        assert_eq!(parse_http_date("Mon, 26 Aug 2019 09:28:39 GMT"), Some(1_566_811_719_000));
    }

    #[test]
    fn sas_times_are_read_in_every_form() {
        let table = [
            ("2019-08-26T09:28:39Z", Some(1_566_811_719_000)),
            ("2019-08-26T09:28:39.4790000Z", Some(1_566_811_719_479)),
            ("2019-08-26T09:28Z", Some(1_566_811_680_000)),
            ("2019-08-26", Some(1_566_777_600_000)),
            ("2019-08-26T09:28:39", None),
            ("2019-08-26T09:28:39+02:00", None),
            ("tomorrow", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_sas_time(text), expected, "{text}");
        }
    }
}
