//! Core dumps, in which PINs and keys would stand.

/// Lets the system write no core dump of this program, nor of what it starts: they may raise the limit for themselves. Where it hands dumps
/// to another program, that one is told the limit, and systemd's keeps to it.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let maximum = getrlimit(Resource::Core).maximum;
        // Nobody may be kept from lowering it.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}
