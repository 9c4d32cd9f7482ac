//! Who gets a connection: so many in all, so many from one address, and so many new ones a second.
//!
//! When there are as many as may be, whoever has been quiet longest goes, and the new one is let in: filling all places with
//! connections that do nothing keeps nobody out.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use tokio::sync::Notify;

use super::rate::{Buckets, Rate};

/// An address as far as it tells one client from another: IPv6 by its network of 64 bits, which one client has for himself.
pub(crate) fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// Counts connections.
pub(crate) struct Admission {
    most: usize,
    most_by_client: usize,
    new: Buckets<IpAddr>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    /// Of these, how many have been told to go.
    going: usize,
    by_client: HashMap<IpAddr, usize>,
    /// Connections without a request under way, those that have been so for longest first.
    quiet: BTreeMap<u64, Arc<Notify>>,
    next: u64,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoConnection {
    Full,
    TooManyOfClient,
    TooFast,
}

/// A place for a connection, free again when dropped.
pub(crate) struct Place {
    admission: Arc<Admission>,
    client: IpAddr,
    go: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Since when, as `Open::quiet` has it.
    Quiet(u64),
    Busy,
}

impl Admission {
    pub(crate) fn new(most: usize, most_by_client: usize, new: Rate) -> Self {
        Self { most, most_by_client, new: Buckets::new(new, Instant::now()), open: Mutex::default() }
    }

    /// A place for a connection from `address`.
    ///
    /// # Errors
    /// [`NoConnection`].
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoConnection> {
        let client = client(address);
        let place = self.place(client)?;
        self.new.take(client, Instant::now()).map_err(|_| NoConnection::TooFast)?;
        Ok(place)
    }

    fn place(self: &Arc<Self>, client: IpAddr) -> Result<Place, NoConnection> {
        let mut open = self.lock();
        if open.by_client.get(&client).is_some_and(|count| *count >= self.most_by_client) {
            return Err(NoConnection::TooManyOfClient);
        }
        if open.all - open.going >= self.most {
            let (_, longest) = open.quiet.pop_first().ok_or(NoConnection::Full)?;
            open.going += 1;
            longest.notify_one();
        }
        open.all += 1;
        *open.by_client.entry(client).or_default() += 1;
        let go = Arc::new(Notify::new());
        let state = Mutex::new(State::Quiet(open.add_quiet(&go)));
        Ok(Place { admission: Arc::clone(self), client, go, state })
    }

    /// How many connections there are.
    pub(crate) fn open(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("nobody panics while counting")
    }
}

impl Open {
    fn add_quiet(&mut self, go: &Arc<Notify>) -> u64 {
        self.next += 1;
        self.quiet.insert(self.next, Arc::clone(go));
        self.next
    }
}

impl Place {
    /// Comes back when the connection is to end, to make room.
    pub(crate) async fn must_go(&self) {
        self.go.notified().await;
    }

    /// A request is under way.
    pub(crate) fn is_busy(&self) {
        let mut state = self.lock();
        if let State::Quiet(since) = *state
            && self.admission.lock().quiet.remove(&since).is_some()
        {
            *state = State::Busy;
        }
    }

    /// The request has been answered.
    pub(crate) fn is_quiet(&self) {
        let mut state = self.lock();
        if let State::Busy = *state {
            *state = State::Quiet(self.admission.lock().add_quiet(&self.go));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while counting")
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let state = *self.lock();
        let mut open = self.admission.lock();
        open.all -= 1;
        if let State::Quiet(since) = state
            && open.quiet.remove(&since).is_none()
        {
            // It was told to go.
            open.going -= 1;
        }
        let count = open.by_client.get_mut(&self.client).expect("a place was counted");
        *count -= 1;
        if *count == 0 {
            open.by_client.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn admission(most: usize, most_by_client: usize) -> Arc<Admission> {
        Arc::new(Admission::new(most, most_by_client, Rate { per_second: 1000, burst: 1000 }))
    }

    fn is_told_to_go(place: &Place) -> bool {
        let waiting = std::pin::pin!(place.must_go());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        waiting.poll(&mut context).is_ready()
    }

    #[test]
    fn places_are_counted_by_client_and_are_free_again() {
        let admission = admission(10, 2);
        let first = admission.admit(address("192.0.2.1")).ok();
        let second = admission.admit(address("::ffff:192.0.2.1")).ok();
        assert!(first.is_some() && second.is_some());
        assert_eq!(admission.admit(address("192.0.2.1")).err(), Some(NoConnection::TooManyOfClient));
        let third = admission.admit(address("192.0.2.2")).ok();
        assert_eq!(admission.open(), 3);
        drop((first, second, third));
        let open = admission.lock();
        assert!(open.all == 0 && open.going == 0 && open.by_client.is_empty() && open.quiet.is_empty());
    }

    #[test]
    fn whoever_has_been_quiet_longest_makes_room_and_whoever_is_busy_stays() {
        let admission = admission(3, 10);
        let admit = || admission.admit(address("192.0.2.1"));
        let places: Vec<_> = (0..3).map(|_| admit().expect("room")).collect();
        places[0].is_busy();
        places[1].is_busy();
        places[1].is_quiet();
        // 0 is busy, 1 has been quiet since a moment, 2 for longest.
        let fourth = admit().expect("room was made");
        assert_eq!([0, 1, 2].map(|index| is_told_to_go(&places[index])), [false, false, true]);
        let fifth = admit().expect("room was made");
        assert!(is_told_to_go(&places[1]));
        fourth.is_busy();
        fifth.is_busy();
        assert_eq!(admit().err(), Some(NoConnection::Full));
        // One that was told to go is not asked for more work, and none is counted twice.
        places[2].is_busy();
        drop((places, fourth, fifth));
        let open = admission.lock();
        assert!(open.all == 0 && open.going == 0 && open.quiet.is_empty());
    }

    #[test]
    fn a_network_of_64_bits_is_one_client() {
        assert_eq!(client(address("2001:db8:0:1::1")), client(address("2001:db8:0:1:ffff::2")));
        assert_ne!(client(address("2001:db8:0:1::1")), client(address("2001:db8:0:2::1")));
    }

    #[test]
    fn new_connections_have_a_rate() {
        let admission = Arc::new(Admission::new(100, 100, Rate { per_second: 1, burst: 2 }));
        let _places = [admission.admit(address("192.0.2.1")).ok(), admission.admit(address("192.0.2.1")).ok()];
        assert_eq!(admission.admit(address("192.0.2.1")).err(), Some(NoConnection::TooFast));
        assert_eq!(admission.open(), 2);
    }
}
