//! Who gets a connection: so many in all, so many from one address, and so many new ones a second.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex},
    time::Instant,
};

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
    by_client: HashMap<IpAddr, usize>,
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
        {
            let mut open = self.open.lock().expect("nobody panics while counting");
            if open.all >= self.most {
                return Err(NoConnection::Full);
            }
            if open.by_client.get(&client).is_some_and(|count| *count >= self.most_by_client) {
                return Err(NoConnection::TooManyOfClient);
            }
            open.all += 1;
            *open.by_client.entry(client).or_default() += 1;
        }
        let place = Place { admission: Arc::clone(self), client };
        self.new.take(client, Instant::now()).map_err(|_| NoConnection::TooFast)?;
        Ok(place)
    }

    /// How many connections there are.
    pub(crate) fn open(&self) -> usize {
        self.open.lock().expect("nobody panics while counting").all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().expect("nobody panics while counting");
        open.all -= 1;
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

    #[test]
    fn places_are_counted_in_all_and_by_client_and_are_free_again() {
        let admission = Arc::new(Admission::new(3, 2, Rate { per_second: 1000, burst: 1000 }));
        let first = admission.admit(address("192.0.2.1")).ok();
        let second = admission.admit(address("::ffff:192.0.2.1")).ok();
        assert!(first.is_some() && second.is_some());
        assert_eq!(admission.admit(address("192.0.2.1")).err(), Some(NoConnection::TooManyOfClient));
        let third = admission.admit(address("192.0.2.2")).ok();
        assert_eq!(admission.admit(address("192.0.2.3")).err(), Some(NoConnection::Full));
        drop((first, second, third));
        assert_eq!(admission.open(), 0);
        assert!(admission.open.lock().expect("free").by_client.is_empty());
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
