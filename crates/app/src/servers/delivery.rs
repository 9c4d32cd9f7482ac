//! Which recipient's capsule goes to which servers, and until when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use capsule_api::{CapsuleType, Expiry};
use capsule_client::{Client, Error, Upload, Watch};
use cdoc2::Recipient;
use serde::Serialize;

use crate::{
    failure::{Failure, Result},
    recipients::NewRecipient,
    view::Code,
};

/// Where the capsules of recipients with keys go, and for how long.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Identifiers of servers: each capsule goes to all of them that take it. Opening needs one of them.
    pub servers: Vec<String>,
    /// Until when they are kept at most; by default as long as the recipient's certificate is valid, or as the server does by itself.
    pub until: Option<Expiry>,
}

/// Recipients with their servers, ready to be encrypted for.
#[derive(Debug)]
pub struct DeliveryPlan {
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) upload: Option<Upload>,
    /// Until when servers are asked to keep the capsules, the earliest of them; unix seconds.
    pub asked_until: Option<i64>,
    /// Which servers get the capsule of which recipient, both by name.
    pub placed: Vec<Placed>,
}

/// Where the capsule of a recipient goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    /// The recipient.
    pub recipient: String,
    /// Identifiers of the servers.
    pub servers: Vec<String>,
    /// Identifiers of chosen servers that take no capsules for keys of this kind.
    pub left_out: Vec<String>,
}

impl Delivery {
    /// Gives each recipient with a key its servers; passwords and symmetric keys need none. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`], [`Code::ServerUnusable`] (also when no chosen server takes a recipient's kind of key),
    /// [`Code::RecipientUnusable`] for a certificate that has expired: a server would keep nothing for it.
    pub fn plan(&self, client: &Client, recipients: Vec<NewRecipient>) -> Result<DeliveryPlan> {
        for id in &self.servers {
            client.servers().usable(id)?;
        }
        let mut upload = Upload::new(client.clone());
        if let Some(until) = self.until {
            upload = upload.until(until);
        }
        let (mut all, mut placed, mut asked_until) = (Vec::new(), Vec::new(), None);
        for recipient in recipients {
            let NewRecipient::Key { key, .. } = recipient else {
                all.push(recipient.into_recipient());
                continue;
            };
            let (name, label) = (key.name(), key.label().to_string());
            if let Some(certificate) = &key.certificate {
                let end = Expiry::from_unix(certificate.not_after).ok();
                if end.is_some_and(|end| end.is_over(SystemTime::now())) {
                    let detail = "its certificate has expired, so no server keeps a capsule for it";
                    return Err(Failure::new(Code::RecipientUnusable, detail).about(name));
                }
                if let Some(end) = end {
                    upload = upload.ending(key.public_key.clone(), end);
                }
            }
            let takes = |id: &&String| upload.check(id, &key.public_key).is_ok();
            let (servers, left_out): (Vec<_>, Vec<_>) = self.servers.iter().partition(takes);
            if servers.is_empty() {
                let server = client.servers().usable(&self.servers[0])?.id.clone();
                return Err(Error::TypeNotTaken { server, capsule_type: CapsuleType::of(&key.public_key) }.into());
            }
            asked_until = asked_until.into_iter().chain(upload.expiry(&key.public_key)).min();
            let record = |id: &&String| Recipient::server(key.public_key.clone(), id.as_str(), label.clone());
            all.extend(servers.iter().map(record));
            let owned = |ids: Vec<&String>| ids.into_iter().cloned().collect();
            placed.push(Placed { recipient: name, servers: owned(servers), left_out: owned(left_out) });
        }
        let asked_until = asked_until.map(Expiry::unix);
        Ok(DeliveryPlan { recipients: all, upload: Some(upload), asked_until, placed })
    }
}

impl DeliveryPlan {
    /// Every capsule inside the container: no server is needed.
    pub fn inside(recipients: Vec<NewRecipient>) -> Self {
        let recipients = recipients.into_iter().map(NewRecipient::into_recipient).collect();
        Self { recipients, upload: None, asked_until: None, placed: Vec::new() }
    }

    /// Tells `watch` how far each server is.
    pub fn tell(&mut self, watch: Watch) {
        if let Some(upload) = &mut self.upload {
            upload.tell(watch);
        }
    }

    /// Until when servers keep what was delivered, the earliest of them; unix seconds.
    pub fn kept_until(&self) -> Option<i64> {
        self.upload.as_ref()?.kept_until_all().map(Expiry::unix)
    }
}

/// Reads until when capsules are to be kept: a day (`2027-06-30`, to its end in UTC), a moment by RFC 3339, or a time from `now` on
/// (`12h`, `30d`, `6w`, `1y`).
///
/// # Errors
/// In words, also when it is past.
pub fn parse_expiry(text: &str, now: SystemTime) -> Result<Expiry, String> {
    const DAY: u64 = 24 * 60 * 60;
    const HELP: &str = "write a day as 2027-06-30, a moment as 2027-06-30T12:00:00Z, or a time as 12h, 30d, 6w, 1y";
    let units = [('h', 60 * 60), ('d', DAY), ('w', 7 * DAY), ('y', 365 * DAY)];
    let duration = units.iter().find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        count.checked_mul(*seconds)
    });
    let expiry = match duration {
        Some(seconds) => {
            let end = now.checked_add(Duration::from_secs(seconds)).ok_or(HELP)?;
            let since = end.duration_since(UNIX_EPOCH).map_err(|_| HELP)?.as_secs();
            Expiry::from_unix(i64::try_from(since).map_err(|_| HELP)?)
        }
        None if text.len() == 10 => Expiry::parse(&format!("{text}T23:59:59Z")),
        None => Expiry::parse(text),
    };
    let expiry = expiry.map_err(|_| HELP)?;
    if expiry.is_over(now) { Err(format!("{text} is past")) } else { Ok(expiry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_day_a_moment_or_a_time_from_now() {
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let read = |text| parse_expiry(text, now).map(|expiry| expiry.to_string());
        for (text, expiry) in [
            ("2026-06-30", "2026-06-30T23:59:59Z"),
            ("2026-06-30T12:00:00+02:00", "2026-06-30T10:00:00Z"),
            ("12h", "2026-01-01T12:00:00Z"),
            ("30d", "2026-01-31T00:00:00Z"),
            ("2w", "2026-01-15T00:00:00Z"),
            ("1y", "2027-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expiry), "{text}");
        }
        for text in [
            "",
            "0d",
            "30",
            "d",
            "-1d",
            "soon",
            "2025-12-31",
            "2026-02-30",
            "99999999999999999999d",
            "9999999999y",
            "õ1d",
            "123456789d",
        ] {
            read(text).expect_err(text);
        }
    }
}
