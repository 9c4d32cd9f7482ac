//! Until when a capsule is kept.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

/// Longest header value that is looked at, in bytes.
const MAX_TEXT: usize = 64;

/// The moment at which a capsule is gone, in whole seconds of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(Timestamp);

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
    /// Reads a header. An offset counts; a time without one, as one deployed client sends it, is UTC.
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
        let instant = text.parse::<Timestamp>().or_else(|_| {
            let local: DateTime = text.parse()?;
            Offset::UTC.to_timestamp(local)
        });
        Self::of(instant.map_err(|_| ExpiryError::Format)?).ok_or(ExpiryError::Format)
    }

    /// From seconds since 1970, as containers and certificates carry them.
    ///
    /// # Errors
    /// [`ExpiryError::Format`] beyond the years 0000 to 9999, which RFC 3339 can write.
    pub fn from_unix(seconds: i64) -> Result<Self, ExpiryError> {
        Timestamp::from_second(seconds).ok().and_then(Self::of).ok_or(ExpiryError::Format)
    }

    fn of(instant: Timestamp) -> Option<Self> {
        let whole = Timestamp::from_second(instant.as_second()).ok()?;
        (0..=9999).contains(&Offset::UTC.to_datetime(whole).year()).then_some(Self(whole))
    }

    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    /// Whether it is over at `now`.
    pub fn is_over(self, now: SystemTime) -> bool {
        Timestamp::try_from(now).is_ok_and(|now| self.0 <= now)
    }
}

/// RFC 3339 in UTC: `2030-01-01T00:00:00Z`.
impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
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
    /// [`ExpiryError::Past`]; [`ExpiryError::Format`] when the policy reaches beyond the year 9999.
    pub fn grant(&self, asked: Option<Expiry>, now: SystemTime) -> Result<Granted, ExpiryError> {
        let latest = after(now, self.maximum)?;
        match asked {
            None => Ok(Granted { until: after(now, self.default)?.min(latest), adjusted: false }),
            Some(asked) if asked.is_over(now) => Err(ExpiryError::Past),
            Some(asked) => Ok(Granted { until: asked.min(latest), adjusted: asked > latest }),
        }
    }
}

fn after(now: SystemTime, duration: Duration) -> Result<Expiry, ExpiryError> {
    let later = || {
        let duration = SignedDuration::try_from(duration).ok()?;
        Expiry::of(Timestamp::try_from(now).ok()?.checked_add(duration).ok()?)
    };
    later().ok_or(ExpiryError::Format)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> SystemTime {
        Expiry::parse(text).expect("a time").0.try_into().expect("a time of this system")
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
