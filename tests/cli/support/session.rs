//! A person's session, with a real keyring or without.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::support::{Outcome, Place, program};

/// How the session of a person is: their keyring open, locked, or none at all.
#[derive(Clone, Copy)]
pub enum Keyring {
    Open,
    Locked,
    None,
}

impl Keyring {
    /// Runs what is appended to it in a session with such a keyring.
    fn session(self) -> Command {
        let daemon = match self {
            Self::None => {
                let mut command = Command::new("env");
                command.arg("--");
                return command;
            }
            Self::Open => "printf pass | gnome-keyring-daemon --unlock --components=secrets",
            Self::Locked => "gnome-keyring-daemon --start --components=secrets",
        };
        // The bus would start another keyring, a locked one, for whoever comes before this one is there. What the bus and its services say
        // goes elsewhere than what the program says.
        let script = format!(
            "{daemon} >/dev/null 2>&1
            until dbus-send --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
                string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
            \"$@\" 2>said"
        );
        let mut command = Command::new("timeout");
        // With the session ends everything in it: a keyring may come too late to notice that its bus is gone.
        let session = ["60", "unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
        command.args(session).args(["dbus-run-session", "--", "sh", "-c", &script, "_"]);
        command
    }

    /// Runs `kapsel` in a session of its own, in a place with its home, where the keyring is kept, too.
    pub fn kapsel(self, place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let mut command = self.session();
        command.arg(program()).args(arguments).current_dir(place.root()).stdin(Stdio::null());
        for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DISPLAY", "WAYLAND_DISPLAY", "HTTPS_PROXY"]
        {
            command.env_remove(name);
        }
        // A session finds nothing of the one before.
        let runtime = tempfile::tempdir_in(place.root()).expect("a folder");
        command.env("XDG_RUNTIME_DIR", runtime.path()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.env("HOME", place.path("home")).envs(environment.iter().copied());
        let mut output = command.output().expect("dbus-run-session is installed");
        if !matches!(self, Self::None) {
            output.stderr = fs::read(place.path("said")).expect("the program ran");
        }
        Outcome(output)
    }
}
