//! `network`: how the network is left, and who the person is for a proxy.

use std::env;

use app::{
    Result,
    network::{self, Network, PASSWORD_FILE_VARIABLE, ProxyChoice},
};
use serde_json::json;

use crate::{
    arguments::{NetworkCommand, Secrets, SetProxy, wrong_usage},
    secrets,
    terminal::Terminal,
};

pub(crate) fn network(command: NetworkCommand, terminal: &Terminal) -> Result<()> {
    match command {
        NetworkCommand::Show => show(terminal),
        NetworkCommand::SetProxy(arguments) => set_proxy(&arguments, terminal),
        NetworkCommand::ForgetCredentials => {
            network::forget_credentials()?;
            terminal.result(&json!({ "forgotten": true }), |output| {
                writeln!(output, "No name and no password for a proxy is kept any more.")
            })
        }
    }
}

fn show(terminal: &Terminal) -> Result<()> {
    let view = network::view()?;
    terminal.result(&view, |output| {
        let Network { own_proxy, user, ocsp_required, connect_timeout, total_timeout, .. } = &view;
        let whose = if *own_proxy { "chosen by you" } else { "by the machine" };
        writeln!(output, "proxy            {} ({whose})", words(&view.proxy))?;
        if let Some(user) = user {
            let place = match env::var_os(PASSWORD_FILE_VARIABLE) {
                Some(file) => format!("the file {}", file.display()),
                None => "the system's keyring".to_owned(),
            };
            writeln!(output, "your name there  {user}, with the password in {place}")?;
        }
        let ocsp = if *ocsp_required { "required of every server" } else { "checked when a server gives it" };
        writeln!(output, "OCSP             {ocsp}")?;
        writeln!(output, "time-outs        {connect_timeout} s for a connection, {total_timeout} s for a capsule")
    })
}

fn words(proxy: &ProxyChoice) -> &str {
    match proxy {
        ProxyChoice::System => "as the system says",
        ProxyChoice::None => "none",
        ProxyChoice::Given { url } => url,
    }
}

fn set_proxy(arguments: &SetProxy, terminal: &Terminal) -> Result<()> {
    let choice = match arguments.proxy.as_str() {
        "system" => ProxyChoice::System,
        "none" => ProxyChoice::None,
        url => ProxyChoice::Given { url: url.to_owned() },
    };
    let secrets: Secrets = (&arguments.secrets).into();
    if arguments.user.is_none() && secrets.is_named() {
        wrong_usage("a password needs a user", "name the user: --user");
    }
    // Where a file has the password, no keyring need be there.
    let password = match &arguments.user {
        Some(_) if env::var_os(PASSWORD_FILE_VARIABLE).is_none() => Some(secrets::one_password(&secrets)?),
        _ => None,
    };
    network::set_proxy(&choice, arguments.user.as_deref(), password)?;
    show(terminal)
}
