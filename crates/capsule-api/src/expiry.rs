//! Until when a capsule is kept.

use std::time::{Duration, SystemTime};

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time, date},
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
        if text.len() > MAX_TEXT {
            return Err(ExpiryError::Format);
        }
        let seconds = Text(text.as_bytes()).moment().ok_or(ExpiryError::Format)?;
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

/// What is left to be read of a `date-time` (RFC 3339, section 5.6).
struct Text<'t>(&'t [u8]);

impl Text<'_> {
    /// All of it, in seconds since 1970, without its fraction. A leap second is the one before it.
    fn moment(mut self) -> Option<i64> {
        let (year, _, month, _, day) =
            (self.number(4)?, self.one_of(b"-")?, self.number(2)?, self.one_of(b"-")?, self.number(2)?);
        self.one_of(b"Tt")?;
        let (hour, _, minute, _, second) =
            (self.number(2)?, self.one_of(b":")?, self.number(2)?, self.one_of(b":")?, self.number(2)?);
        self.fraction()?;
        let offset = self.offset()?;
        let is_leap = second == 60;
        let [month, day, hour, minute, second] =
            [month, day, hour, minute, if is_leap { 59 } else { second }].map(|two| i8::try_from(two).ok());
        let local = Date::new(year, month?, day?).ok()?.to_datetime(Time::new(hour?, minute?, second?, 0).ok()?);
        let seconds = local.duration_since(EPOCH).as_secs() - offset;
        // Leap seconds are the last of a day of UTC.
        let is_one = !is_leap || seconds.rem_euclid(DAY as i64) == DAY as i64 - 1;
        (self.0.is_empty() && is_one).then_some(seconds)
    }

    /// Seconds before UTC; none when it does not stand there.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let (sign, hours, _, minutes) = (self.one_of(b"+-")?, self.number(2)?, self.one_of(b":")?, self.number(2)?);
        let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
        (hours < 24 && minutes < 60).then_some(if sign == b'-' { -seconds } else { seconds })
    }

    /// Skips it, whatever its length.
    fn fraction(&mut self) -> Option<()> {
        if self.one_of(b".").is_some() {
            self.number(1)?;
            while self.number(1).is_some() {}
        }
        Some(())
    }

    fn number(&mut self, digits: usize) -> Option<i16> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let value = |sum, digit: &u8| digit.is_ascii_digit().then(|| 10 * sum + i16::from(digit - b'0'));
        let number = number.iter().try_fold(0, value)?;
        self.0 = rest;
        Some(number)
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
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
            "2030-01-01T00:00:00-00:00",
            "2030-01-01T00:00:00.111111111111111111111111111111Z",
            "2029-12-31T00:01:00.0-23:59",
        ] {
            assert_eq!(Expiry::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_the_one_before_it() {
        let last = Expiry::parse("2028-06-30T23:59:59Z");
        assert!(last.is_ok());
        for text in ["2028-06-30T23:59:60Z", "2028-07-01T02:59:60.5+03:00", "2028-06-30T23:59:60"] {
            assert_eq!(Expiry::parse(text), last, "{text}");
        }
        for text in ["2028-06-30T23:58:60Z", "2028-06-30T23:59:60+03:00", "2028-06-30T23:59:61Z"] {
            assert_eq!(Expiry::parse(text), Err(ExpiryError::Format), "{text}");
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
            "20300101T000000Z",
            "2030-01-01T000000Z",
            "+002030-01-01T00:00:00Z",
            "2030-01-01T00:00Z",
            "2030-01-01T24:00:00Z",
            "2030-02-29T00:00:00Z",
            "2030-01-01T00:00:00.Z",
            "2030-01-01T00:00:00.5.5Z",
            "2030-01-01T00:00:00,5Z",
            "2030-01-01T00:00:00+02",
            "2030-01-01T00:00:00+0200",
            "2030-01-01T00:00:00+24:00",
            "2030-01-01T00:00:00+02:60",
            "2030-01-01T00:00:00+02:00:30",
            "2030-01-01T00:00:00ZZ",
            " 2030-01-01T00:00:00Z",
            "2030-01-01T00:00:0\u{e9}Z",
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
