//! Until when a capsule is kept.

use std::time::{Duration, SystemTime};

use jiff::{
    SignedDuration,
    civil::{DateTime, date},
    fmt::temporal::Pieces,
};

/// Longest header value that is looked at, in bytes.
const MAX_TEXT: usize = 64;

/// The moment at which a capsule is gone, in whole seconds of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(i64);

/// The first and the last second that RFC 3339 can write: of the years 0000 and 9999.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;
/// Where seconds are counted from.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// Why a server cannot keep a capsule until the moment that was asked for; it answers 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// Not a date and time as RFC 3339 has them.
    #[error("not a date and time by RFC 3339")]
    Format,
    /// It is over already.
    #[error("the expiry time is past")]
    Past,
}

impl Expiry {
    /// Reads a header. An offset counts; a time without one, as one deployed client sends it, is UTC. One that an offset puts after the
    /// year 9999 is the last second of it.
    ///
    /// # Errors
    /// [`ExpiryError::Format`].
    ///
    /// ```
    /// use capsule_api::Expiry;
    ///
    /// let expiry = Expiry::parse("2030-01-01T02:00:00+02:00")?;
    /// assert_eq!(expiry, Expiry::parse("2030-01-01T00:00:00")?);
    /// assert_eq!(expiry.to_string(), "2030-01-01T00:00:00Z");
    /// # Ok::<(), capsule_api::ExpiryError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ExpiryError> {
        // What jiff takes beside RFC 3339 (zone names in brackets, week dates) has no place in a header.
        let plain = |byte: u8| byte.is_ascii_digit() || b"-:+.TtZz".contains(&byte);
        if text.len() > MAX_TEXT || !text.bytes().all(plain) || !text.contains(['T', 't']) {
            return Err(ExpiryError::Format);
        }
        let pieces = Pieces::parse(text).map_err(|_| ExpiryError::Format)?;
        let local = pieces.date().to_datetime(pieces.time().ok_or(ExpiryError::Format)?);
        let offset = pieces.to_numeric_offset().map_or(0, |offset| offset.seconds());
        let seconds = local.duration_since(EPOCH).as_secs() - i64::from(offset);
        Self::from_unix(seconds.min(LAST))
    }

    /// From seconds since 1970, as containers and certificates carry them.
    ///
    /// # Errors
    /// [`ExpiryError::Format`] beyond the years 0000 to 9999, which RFC 3339 can write.
    pub fn from_unix(seconds: i64) -> Result<Self, ExpiryError> {
        if (FIRST..=LAST).contains(&seconds) { Ok(Self(seconds)) } else { Err(ExpiryError::Format) }
    }

    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Whether it is over at `now`.
    pub fn is_over(self, now: SystemTime) -> bool {
        self.0 <= whole_seconds(now)
    }
}

/// RFC 3339 in UTC: `2030-01-01T00:00:00Z`.
impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let moment =
            EPOCH.checked_add(SignedDuration::from_secs(self.0)).expect("all years from 0000 to 9999 are there");
        write!(f, "{moment}Z")
    }
}

/// How long a server keeps capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryPolicy {
    /// For a capsule that asks for no time of its own. Default 1095 days.
    pub default: Duration,
    /// For any capsule. Default 1825 days.
    pub maximum: Duration,
}

/// What a server grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Until then it is kept.
    pub until: Expiry,
    /// Whether that is earlier than was asked for.
    pub adjusted: bool,
}

const DAY: u64 = 24 * 60 * 60;

impl Default for ExpiryPolicy {
    fn default() -> Self {
        Self { default: Duration::from_secs(1095 * DAY), maximum: Duration::from_secs(1825 * DAY) }
    }
}

impl ExpiryPolicy {
    /// What a capsule posted at `now` is granted.
    ///
    /// # Errors
    /// [`ExpiryError::Past`].
    pub fn grant(&self, asked: Option<Expiry>, now: SystemTime) -> Result<Granted, ExpiryError> {
        let latest = after(now, self.maximum);
        match asked {
            None => Ok(Granted { until: after(now, self.default).min(latest), adjusted: false }),
            Some(asked) if asked.is_over(now) => Err(ExpiryError::Past),
            Some(asked) => Ok(Granted { until: asked.min(latest), adjusted: asked > latest }),
        }
    }
}

/// The last second that can be written, when it would be later.
fn after(now: SystemTime, duration: Duration) -> Expiry {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Expiry(whole_seconds(now).saturating_add(seconds).clamp(FIRST, LAST))
}

/// Since 1970, rounded down.
fn whole_seconds(time: SystemTime) -> i64 {
    let seconds = |since: Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()) - i64::from(before.duration().subsec_nanos() != 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> SystemTime {
        let seconds = Expiry::parse(text).expect("a time").unix();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().expect("after 1970"))
    }

    #[test]
    fn an_offset_counts_and_none_means_utc() {
        let expected = Expiry::from_unix(1_893_456_000).expect("a time");
        for text in [
            "2030-01-01T00:00:00Z",
            "2030-01-01t00:00:00z",
            "2030-01-01T00:00:00",
            "2030-01-01T00:00:00.999",
            "2030-01-01T02:00:00+02:00",
            "2029-12-31T19:00:00.5-05:00",
        ] {
            assert_eq!(Expiry::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn all_of_the_year_9999_is_there() {
        for (text, expected) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59.999", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59+02:00", "9999-12-31T21:59:59Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            let expiry = Expiry::parse(text).expect("a time");
            assert_eq!(expiry.to_string(), expected, "{text}");
            assert_eq!(Expiry::parse(expected), Ok(expiry));
        }
        assert!(Expiry::from_unix(253_402_300_799).is_ok());
        assert_eq!(Expiry::from_unix(253_402_300_800), Err(ExpiryError::Format));
        assert_eq!(Expiry::parse("0000-01-01T00:00:00+01:00"), Err(ExpiryError::Format));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2030-01-01",
            "2030-13-01T00:00:00Z",
            "2030-01-01T00:00:00+99:00",
            "2030-01-01T00:00:00+02:00[Europe/Tallinn]",
            "-000001-01-01T00:00:00Z",
            "2030-01-01 00:00:00Z",
            "2030-W01-1T00:00:00Z",
            &"2".repeat(10_000),
        ] {
            assert_eq!(Expiry::parse(text), Err(ExpiryError::Format), "{text:.40}");
        }
    }

    #[test]
    fn longer_is_shortened_and_flagged_past_is_refused() {
        let policy = ExpiryPolicy::default();
        let now = at("2026-01-01T00:00:00Z");
        let asked = |text| policy.grant(Some(Expiry::parse(text).expect("a time")), now);
        let default = policy.grant(None, now).expect("granted");
        assert_eq!((default.until.to_string().as_str(), default.adjusted), ("2028-12-31T00:00:00Z", false));
        let shorter = asked("2026-02-01T00:00:00Z").expect("granted");
        assert_eq!((shorter.until.to_string().as_str(), shorter.adjusted), ("2026-02-01T00:00:00Z", false));
        let longer = asked("2099-01-01T00:00:00Z").expect("granted");
        assert_eq!((longer.until.to_string().as_str(), longer.adjusted), ("2030-12-31T00:00:00Z", true));
        let last = asked("9999-12-31T23:59:59Z").expect("granted");
        assert_eq!((last.until, last.adjusted), (longer.until, true));
        let day = Duration::from_secs(DAY);
        let endless = ExpiryPolicy { default: 3_000_000 * day, maximum: 3_000_000 * day };
        let until = endless.grant(None, now).expect("granted").until;
        assert_eq!(until.to_string(), "9999-12-31T23:59:59Z");
        for past in ["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"] {
            assert_eq!(asked(past), Err(ExpiryError::Past));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = Expiry::parse(&text);
        }

        #[test]
        fn what_is_written_is_read(seconds in 0i64..250_000_000_000) {
            let expiry = Expiry::from_unix(seconds).expect("before the year 9999");
            prop_assert_eq!(Expiry::parse(&expiry.to_string()), Ok(expiry));
        }
    }
}
