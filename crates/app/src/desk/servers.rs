//! Capsule servers and the network, in the terms of a window.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use capsule_client::{Client, Listed, Servers, Watch};
use cdoc2::{Cancel, Capsule, Container, PublicKey, Zeroizing};
use eid::RecipientKey;

use super::{Desk, Observer};
use crate::{
    failure::{Failure, Result},
    files::read_small,
    network::{self, ProxyChoice},
    opening::{for_person, recipient},
    recipients::{NewRecipient, base_name},
    servers::{self, Delivery, DeliveryPlan, Expiry, NewServer, Placed, Refreshing},
    view::{
        Code, DeliveryDraft, DeliveryView, FileId, KeyCertificateView, LeftOut, Needed, NetworkDraft, NetworkView,
        NewServerDraft, ProgressStep, ProxyKind, ServerReport, ServersView, ShareView, ShownCertificate,
    },
};

/// To how many servers capsules go before the person has chosen: one more than is needed, each of another organisation.
const CHOSEN: usize = 2;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Desk {
    /// The servers of all lists; a mistake in one of them is in the view. A remote list that is due is fetched meanwhile.
    pub fn servers(&self) -> ServersView {
        self.view_of(servers::known(&self.lists, Refreshing::Meanwhile))
    }

    /// The same at once, without fetching anything.
    pub(super) fn servers_at_hand(&self) -> ServersView {
        self.view_of(Servers::load(&self.lists).map_err(|trouble| capsule_client::Error::from(trouble).into()))
    }

    fn view_of(&self, servers: Result<Servers>) -> ServersView {
        let locked_by = servers::policy().ok().flatten().filter(|policy| policy.own_list_locked);
        let view = ServersView {
            servers: Vec::new(),
            chosen: Vec::new(),
            lost: Vec::new(),
            locked_by: locked_by.map(|policy| policy.file),
            problem: None,
        };
        match servers {
            Ok(servers) => {
                let chosen = self.chosen_of(&servers);
                let wanted = self.settings().servers.clone().unwrap_or_default();
                let lost = wanted.into_iter().filter(|id| !chosen.contains(id)).collect();
                ServersView { servers: servers::server_views(&servers), chosen, lost, ..view }
            }
            Err(failure) => ServersView { problem: Some(failure.into_view()), ..view },
        }
    }

    /// What the person chose, as far as it can be used; before that, servers of different organisations.
    fn chosen_of(&self, servers: &Servers) -> Vec<String> {
        let id = |listed: &Listed| listed.server.id.to_string();
        let takes = |listed: &&Listed| listed.usable().is_ok_and(|server| !server.capsule_types.is_empty());
        let usable = servers.iter().filter(takes);
        if let Some(chosen) = &self.settings().servers {
            return usable.map(id).filter(|id| chosen.contains(id)).collect();
        }
        let mut organisations = BTreeSet::new();
        usable.filter(|listed| organisations.insert(&listed.server.organisation)).take(CHOSEN).map(id).collect()
    }

    /// Chooses the servers that new capsules go to; none: inside the file.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`], [`Code::ServerUnusable`], [`Code::ServerListInvalid`]: nothing is changed then.
    pub fn choose_servers(&self, chosen: Vec<String>) -> Result<ServersView> {
        let servers = servers::known(&self.lists, Refreshing::Meanwhile)?;
        for id in &chosen {
            servers.usable(id)?;
        }
        self.change_settings(|settings| settings.servers = Some(chosen));
        Ok(self.servers())
    }

    fn client(&self) -> Result<Client> {
        servers::client(&self.lists, Refreshing::Meanwhile)
    }

    /// Goes to both addresses of a server, as senders and recipients would; [`Desk::cancel`] stops it.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`], [`Code::ServerUnusable`]; what is found is the result.
    pub fn test_server(&self, id: &str) -> Result<ServerReport> {
        let client = self.client()?;
        let examined = self.beside_others(|cancel| Ok(client.examine(id, cancel)?))?;
        Ok(servers::report(client.servers(), id, &examined))
    }

    /// An operation without progress, which [`Desk::cancel`] stops.
    fn beside_others<T>(&self, operation: impl FnOnce(&Cancel) -> Result<T>) -> Result<T> {
        self.run(Arc::new(|_| {}), |control, _| operation(control.cancel()))
    }

    /// Puts the servers of a list file into the person's own list.
    ///
    /// # Errors
    /// As [`servers::import`]: nothing is changed then.
    pub fn import_servers(&self, path: &Path) -> Result<ServersView> {
        servers::import(path, None)?;
        Ok(self.servers())
    }

    /// The certificates that a server shows, to be compared before it is added; nothing is sent to it.
    ///
    /// # Errors
    /// [`Code::ServerListInvalid`]; why it cannot be seen.
    pub fn look_at_server(&self, draft: NewServerDraft) -> Result<Vec<ShownCertificate>> {
        let client = self.client()?;
        let seen = self.beside_others(|cancel| servers::look_at(&client, &draft.into(), cancel))?;
        Ok(servers::shown(&seen))
    }

    /// Adds a server to the person's own list, if it shows the certificates with the `confirmed` fingerprints and no others.
    ///
    /// # Errors
    /// [`Code::ServerPinMismatch`]; as [`Desk::look_at_server`].
    pub fn add_server(&self, draft: NewServerDraft, confirmed: &[String]) -> Result<ServersView> {
        let (client, id) = (self.client()?, draft.id.clone());
        let confirm = servers::confirmed_by(&id, confirmed);
        self.beside_others(|cancel| servers::trust_new(&client, draft.into(), cancel, confirm))?;
        Ok(self.servers())
    }

    /// The certificates that a listed server shows now and its entry does not have.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`]; why it cannot be seen.
    pub fn look_at_certificates(&self, id: &str) -> Result<Vec<ShownCertificate>> {
        let client = self.client()?;
        Ok(servers::shown(&self.beside_others(|cancel| servers::look_at_listed(&client, id, cancel))?))
    }

    /// Adds certificates that a listed server shows now, if they have the `confirmed` fingerprints.
    ///
    /// # Errors
    /// [`Code::ServerPinMismatch`]; as [`Desk::look_at_certificates`].
    pub fn pin_server(&self, id: &str, confirmed: &[String]) -> Result<ServersView> {
        let client = self.client()?;
        let confirm = servers::confirmed_by(id, confirmed);
        self.beside_others(|cancel| servers::add_pin(&client, id, cancel, confirm))?;
        Ok(self.servers())
    }

    /// Takes a server out of the person's own list.
    ///
    /// # Errors
    /// [`Code::ServerUnknown`] when it is not there.
    pub fn remove_server(&self, id: &str) -> Result<ServersView> {
        servers::forget(id)?;
        Ok(self.servers())
    }

    /// How the network is used; a mistake in the settings is in the view.
    pub fn network(&self) -> NetworkView {
        let view = NetworkView {
            proxy: ProxyKind::System,
            address: String::new(),
            user: String::new(),
            has_password: false,
            by_administrator: false,
            problem: None,
        };
        match network::view() {
            Ok(network) => {
                let (proxy, address) = match network.proxy {
                    ProxyChoice::System => (ProxyKind::System, String::new()),
                    ProxyChoice::None => (ProxyKind::None, String::new()),
                    ProxyChoice::Given { url } => (ProxyKind::Given, url),
                };
                NetworkView {
                    proxy,
                    address,
                    // A name is kept only together with its password.
                    has_password: network.user.is_some(),
                    user: network.user.unwrap_or_default(),
                    by_administrator: network.machine_proxy,
                    problem: None,
                }
            }
            Err(failure) => NetworkView { problem: Some(failure.into_view()), ..view },
        }
    }

    /// Changes how the person uses the network; without a password, the one in the keyring stays.
    ///
    /// # Errors
    /// [`Code::SettingsInvalid`] for what is no address or name, [`Code::ProxyRequired`] for the keyring, [`Code::NotWritable`].
    pub fn set_network(&self, draft: &NetworkDraft, password: Option<Zeroizing<String>>) -> Result<NetworkView> {
        let choice = match draft.proxy {
            ProxyKind::System => ProxyChoice::System,
            ProxyKind::None => ProxyChoice::None,
            ProxyKind::Given => ProxyChoice::Given { url: draft.address.clone() },
        };
        let given = draft.proxy == ProxyKind::Given;
        let user = Some(draft.user.as_str()).filter(|user| given && !user.is_empty());
        network::set_proxy(&choice, user, password.filter(|_| user.is_some()))?;
        Ok(self.network())
    }

    /// Where the capsules of recipients with keys go, and over which servers the keys of persons are split. Passwords need no server.
    pub(super) fn delivery(&self, draft: &DeliveryDraft, recipients: Vec<NewRecipient>) -> Result<DeliveryPlan> {
        let recipients = match draft.needed {
            Needed::All if !draft.servers.is_empty() => {
                let persons = recipients.into_iter().map(NewRecipient::into_person).collect::<Result<_>>()?;
                // Two documents of one person are one person.
                NewRecipient::distinct(persons).0
            }
            _ => recipients,
        };
        let until = |days| {
            let end = SystemTime::now().checked_add(DAY * days)?;
            let seconds = end.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
            Expiry::from_unix(i64::try_from(seconds).ok()?).ok()
        };
        let delivery = Delivery::new(draft.servers.iter().cloned(), draft.days.and_then(until));
        if !delivery.is_needed(&recipients) {
            return Ok(DeliveryPlan::inside(recipients));
        }
        delivery.plan(&self.client()?, recipients)
    }

    pub(super) fn planned_delivery(
        &self,
        draft: &DeliveryDraft,
        recipients: Vec<NewRecipient>,
    ) -> Result<Option<DeliveryView>> {
        let plan = self.delivery(draft, recipients)?;
        if plan.placed.is_empty() {
            return Ok(None);
        }
        let names = self.server_names();
        let left_out = |placed: &&Placed| placed.needed == Needed::One && !placed.left_out.is_empty();
        let left_out = plan.placed.iter().filter(left_out).map(|placed| LeftOut {
            recipient: placed.recipient.clone(),
            servers: all_named(&names, &placed.left_out),
        });
        Ok(Some(DeliveryView { left_out: left_out.collect(), shares: self.shares_of(&plan), until: plan.asked_until }))
    }

    /// Names of the servers that get capsules by a plan.
    pub(super) fn names_of(&self, plan: &DeliveryPlan) -> Vec<String> {
        let names = self.server_names();
        let whole = plan.placed.iter().filter(|placed| placed.needed == Needed::One);
        let used: BTreeSet<_> = whole.flat_map(|placed| &placed.servers).collect();
        used.into_iter().map(|id| named(&names, id)).collect()
    }

    /// Recipients of a plan whose keys are split, with names of servers.
    pub(super) fn shares_of(&self, plan: &DeliveryPlan) -> Vec<ShareView> {
        let names = self.server_names();
        let split = plan.placed.iter().filter(|placed| placed.needed == Needed::All);
        let view = |placed: &Placed| ShareView {
            recipient: placed.recipient.clone(),
            servers: all_named(&names, &placed.servers),
            left_out: all_named(&names, &placed.left_out),
        };
        split.map(view).collect()
    }

    fn server_names(&self) -> HashMap<String, String> {
        let servers = Servers::load(&self.lists).unwrap_or_default();
        servers.iter().map(|listed| (listed.server.id.to_string(), listed.server.name.clone())).collect()
    }

    /// Tells `observer` how far the servers of a step are.
    pub(super) fn watch(&self, step: ProgressStep, observer: &Observer) -> Watch {
        let observer = Arc::clone(observer);
        servers::watched(step, self.server_names(), move |view| observer(view))
    }

    /// A certificate file for a key that comes without one.
    ///
    /// # Errors
    /// When the container cannot be read; what is wrong with the certificate is in the view.
    pub fn key_certificate(&self, path: &Path, container: FileId) -> Result<KeyCertificateView> {
        let container = Container::open(self.grants.path(container)?)?;
        let asked_for = |key: &PublicKey| {
            let on_server = container.header().records().iter().filter(|it| matches!(it.capsule, Capsule::Server(_)));
            on_server.filter_map(|record| recipient(&record.capsule)).any(|recipient| recipient == *key)
        };
        let split_for = |der: &[u8]| container.header().records().iter().any(|record| for_person(record, der));
        let name = base_name(path);
        let unusable = |words: &str| Failure::new(Code::RecipientUnusable, words).about(name.clone());
        let checked = read_small(path, Code::RecipientUnusable).and_then(|bytes| {
            let keys = RecipientKey::read(&bytes, None).map_err(|error| unusable(&error.to_string()))?;
            let certified: Vec<_> = keys.iter().filter(|key| key.certificate.is_some()).collect();
            if certified.is_empty() {
                return Err(unusable("there is no certificate in it"));
            }
            let names_person = certified.iter().filter_map(|key| key.certificate.as_ref());
            let names_person = names_person.map(|certificate| &certificate.der).any(|der| split_for(der));
            if names_person || certified.iter().any(|key| asked_for(&key.public_key)) {
                return Ok(());
            }
            Err(unusable("the certificate is of a key that no server holds a capsule for"))
        });
        Ok(KeyCertificateView {
            id: self.grants.grant(path),
            name: base_name(path),
            problem: checked.err().map(Failure::into_view),
        })
    }
}

fn all_named(names: &HashMap<String, String>, ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| named(names, id)).collect()
}

fn named(names: &HashMap<String, String>, id: &str) -> String {
    names.get(id).map_or(id, String::as_str).to_owned()
}

impl From<NewServerDraft> for NewServer {
    fn from(draft: NewServerDraft) -> Self {
        let NewServerDraft { id, name, organisation, sender_url, recipient_url } = draft;
        Self { id, name, organisation, sender_url, recipient_url }
    }
}
