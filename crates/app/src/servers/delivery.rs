//! Which recipient's capsule goes to which servers, over which a person's key is split, and until when.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use capsule_api::{CapsuleType, Expiry, PersonId, Server};
use capsule_client::{Addressee, Client, Error, Servers, Upload, Watch};
use cdoc2::Recipient;
use eid::RecipientKey;
use serde::Serialize;

use crate::{
    failure::{Failure, Result},
    persons,
    recipients::{NewRecipient, shared},
    view::{Code, Needed},
};

/// Fewest organisations over whose servers a key is split.
const FEWEST_HOLDERS: usize = 2;

/// Where the capsules of recipients with keys go, over which servers the keys of persons are split, and for how long.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Identifiers of servers: each capsule goes to all of them that take it, and opening needs one of them. The key of a person by code is split
    /// over those that keep shares, one of each organisation, and opening needs all of them. None: capsules stand in the container, and keys are
    /// split over the first two servers of the list that are of different organisations.
    servers: Vec<String>,
    repeated: Vec<String>,
    until: Option<Expiry>,
}

/// Recipients with their servers, ready to be encrypted for.
#[derive(Debug)]
pub struct DeliveryPlan {
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) upload: Option<Upload>,
    /// Until when servers are asked to keep the capsules, the earliest of them; unix seconds.
    pub asked_until: Option<i64>,
    /// Which servers get something for which recipient.
    pub placed: Vec<Placed>,
}

/// Where the capsule of a recipient goes, or the shares of a person's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    /// The recipient's position among all.
    #[serde(skip)]
    pub index: u32,
    #[serde(skip)]
    addressee: Addressee,
    /// The recipient.
    pub recipient: String,
    /// Identifiers of the servers.
    pub servers: Vec<String>,
    /// Identifiers of chosen servers that take nothing for this recipient: no capsules for keys of this kind; or no shares, or their organisation
    /// has one already.
    pub left_out: Vec<String>,
    /// How many of the servers are needed to open.
    pub needed: Needed,
    /// Until when each server keeps it, in unix seconds, as far as it was delivered and the server told; see [`DeliveryPlan::delivered`].
    pub kept_until: BTreeMap<String, i64>,
}

impl Delivery {
    /// To each of these servers once, however often it is named: a second capsule on the same server would be no second way to the file. `until`
    /// says until when they are kept at most; by default as long as the recipient's certificate is valid, or as the server does by itself.
    pub fn new(named: impl IntoIterator<Item = String>, until: Option<Expiry>) -> Self {
        let mut delivery = Self { servers: Vec::new(), repeated: Vec::new(), until };
        for server in named {
            let among = if delivery.servers.contains(&server) { &mut delivery.repeated } else { &mut delivery.servers };
            if !among.contains(&server) {
                among.push(server);
            }
        }
        delivery
    }

    /// Servers that were named more than once.
    pub fn repeated(&self) -> &[String] {
        &self.repeated
    }

    /// Whether anything goes to a server for these recipients.
    pub fn is_needed(&self, recipients: &[NewRecipient]) -> bool {
        recipients.iter().any(|recipient| self.is_for(recipient))
    }

    /// Whether something goes to a server for this recipient; otherwise all that opens the container stands in it, for ever.
    pub fn is_for(&self, recipient: &NewRecipient) -> bool {
        match recipient {
            NewRecipient::Key { .. } => !self.servers.is_empty(),
            NewRecipient::Person { .. } => true,
            NewRecipient::Password { .. } | NewRecipient::Secret { .. } => false,
        }
    }

    /// Gives each recipient his servers; passwords and symmetric keys need none. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`], [`Code::ServerUnusable`] (also when no chosen server takes a recipient's kind of key),
    /// [`Code::TooFewShareServers`] for a person, [`Code::RecipientExpired`] for a certificate that has expired: a server would keep nothing
    /// for it.
    pub fn plan(&self, client: &Client, recipients: Vec<NewRecipient>) -> Result<DeliveryPlan> {
        for id in &self.servers {
            client.servers().usable(id)?;
        }
        let mut upload = Upload::new(client.clone());
        if let Some(until) = self.until {
            upload = upload.until(until);
        }
        let mut planning = Planning { upload, recipients: Vec::new(), placed: Vec::new(), asked_until: None };
        for (recipient, index) in recipients.into_iter().zip(0..) {
            match recipient {
                NewRecipient::Key { key, .. } if !self.servers.is_empty() => {
                    planning = planning.with_capsules(index, &key, &self.servers, client)?;
                }
                NewRecipient::Person { person, name } => {
                    let holders = Holders::choose(client.servers(), &self.servers);
                    planning.with_shares(index, &person, name, holders)?;
                }
                inside => planning.recipients.push(inside.into_recipient()),
            }
        }
        let Planning { upload, recipients, placed, asked_until } = planning;
        Ok(DeliveryPlan { recipients, upload: Some(upload), asked_until: asked_until.map(Expiry::unix), placed })
    }
}

/// A plan in the making.
struct Planning {
    upload: Upload,
    recipients: Vec<Recipient>,
    placed: Vec<Placed>,
    asked_until: Option<Expiry>,
}

impl Planning {
    /// A capsule on each of these servers that takes it.
    fn with_capsules(mut self, index: u32, key: &RecipientKey, servers: &[String], client: &Client) -> Result<Self> {
        let (name, label) = (key.name(), key.label().to_string());
        if let Some(certificate) = &key.certificate {
            let end = Expiry::from_unix(certificate.not_after).ok();
            if end.is_some_and(|end| end.is_over(SystemTime::now())) {
                let detail = "its certificate has expired, so no server keeps a capsule for it";
                return Err(Failure::new(Code::RecipientExpired, detail).about(name));
            }
            if let Some(end) = end {
                self.upload = self.upload.ending(key.public_key.clone(), end);
            }
        }
        let takes = |id: &&String| self.upload.check(id, &key.public_key).is_ok();
        let (taking, left_out): (Vec<_>, Vec<_>) = servers.iter().partition(takes);
        if taking.is_empty() {
            let server = client.servers().usable(&servers[0])?.id.clone();
            return Err(Error::TypeNotTaken { server, capsule_type: CapsuleType::of(&key.public_key) }.into());
        }
        self.ask_until(self.upload.expiry(&key.public_key));
        let record = |id: &&String| Recipient::server(key.public_key.clone(), id.as_str(), label.clone());
        self.recipients.extend(taking.iter().map(record));
        let owned = |ids: Vec<&String>| ids.into_iter().cloned().collect();
        let (servers, left_out) = (owned(taking), owned(left_out));
        let addressee = Addressee::Key(key.public_key.clone());
        let (needed, kept_until) = (Needed::One, BTreeMap::new());
        self.placed.push(Placed { index, addressee, recipient: name, servers, left_out, needed, kept_until });
        Ok(self)
    }

    /// A share on each of these servers, all of which are needed.
    fn with_shares(&mut self, index: u32, person: &PersonId, name: Option<String>, holders: Holders) -> Result<()> {
        let name = name.unwrap_or_else(|| persons::code(person).to_owned());
        if holders.ids.len() < FEWEST_HOLDERS {
            return Err(holders.too_few().about(name));
        }
        self.ask_until(self.upload.expiry_of_shares());
        self.recipients.push(shared(person, holders.base_urls));
        let Holders { ids: servers, left_out, .. } = holders;
        let addressee = Addressee::Person(person.clone());
        let (needed, kept_until) = (Needed::All, BTreeMap::new());
        self.placed.push(Placed { index, addressee, recipient: name, servers, left_out, needed, kept_until });
        Ok(())
    }

    fn ask_until(&mut self, asked: Option<Expiry>) {
        self.asked_until = self.asked_until.into_iter().chain(asked).min();
    }
}

/// The servers over which a key is split: each of another organisation, so that nobody has more than a share.
struct Holders {
    ids: Vec<String>,
    base_urls: Vec<String>,
    /// Of those that were chosen.
    left_out: Vec<String>,
    were_chosen: bool,
}

impl Holders {
    /// All of the chosen servers that keep shares; when none are chosen, as many of the list as are needed.
    fn choose(servers: &Servers, chosen: &[String]) -> Self {
        let were_chosen = !chosen.is_empty();
        let candidates: Vec<&Server> = match were_chosen {
            true => chosen.iter().filter_map(|id| servers.usable(id).ok()).collect(),
            false => servers.iter().filter_map(|listed| listed.usable().ok()).collect(),
        };
        let mut holders = Self { ids: Vec::new(), base_urls: Vec::new(), left_out: Vec::new(), were_chosen };
        let mut taken: Vec<&Server> = Vec::new();
        for server in candidates {
            match server.shares_base().filter(|_| taken.iter().all(|other| !server.is_held_with(other))) {
                _ if !were_chosen && holders.ids.len() == FEWEST_HOLDERS => break,
                Some(base_url) => {
                    taken.push(server);
                    holders.ids.push(server.id.to_string());
                    holders.base_urls.push(base_url.to_owned());
                }
                None if were_chosen => holders.left_out.push(server.id.to_string()),
                None => {}
            }
        }
        holders
    }

    fn too_few(&self) -> Failure {
        let whose = if self.were_chosen { "of the chosen servers" } else { "of the servers in the lists" };
        let which = match &self.ids[..] {
            [] => "none keeps key shares".to_owned(),
            ids => format!("only {} keeps key shares", ids.join(", ")),
        };
        let detail = format!("{whose} {which}, and a key is split over at least two, of different organisations");
        Failure::new(Code::TooFewShareServers, detail).with_number(self.ids.len() as u64)
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

    /// Which servers got something for which recipient, with the time for which each keeps it.
    pub fn delivered(&self) -> Vec<Placed> {
        let kept = |placed: &Placed| match &self.upload {
            Some(upload) => {
                upload.kept_for(&placed.addressee).map(|(id, until)| (id.to_string(), until.unix())).collect()
            }
            None => BTreeMap::new(),
        };
        self.placed.iter().map(|placed| Placed { kept_until: kept(placed), ..placed.clone() }).collect()
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
    fn a_server_that_is_named_again_gets_nothing_more() {
        let delivery = Delivery::new(["a", "b", "a", "a"].map(str::to_owned), None);
        assert_eq!(
            (delivery.servers.as_slice(), delivery.repeated()),
            (&["a".to_owned(), "b".to_owned()][..], &["a".to_owned()][..])
        );
    }

    #[test]
    fn an_expiry_is_a_day_a_moment_or_a_time_from_now() {
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let read = |text| parse_expiry(text, now).map(|expiry| expiry.to_string());
        for (text, expiry) in [
            ("2026-06-30", "2026-06-30T23:59:59Z"),
            ("2026-06-30T12:00:00+02:00", "2026-06-30T10:00:00Z"),
            ("9999-12-31", "9999-12-31T23:59:59Z"),
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
