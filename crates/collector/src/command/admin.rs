//! `admin add`, `list`, `role`, `password`, `remove`: users of the dashboard; also beside a running server, which notices at once. A
//! password is asked for, or read from standard input; it is never an argument, which others could see.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use heliograph_collector::access::act::{Act, Acted, LastToo, NewUser};
use heliograph_collector::access::password::Password;
use heliograph_collector::access::user::{Role, UserName};
use heliograph_collector::clock::Clock;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::store::{Reader, Store};
use heliograph_wire::time::rfc3339;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Adds a user.
pub(crate) fn add(
    data: &Path,
    name: &UserName,
    role: Role,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut store = Store::open(data)?;
    let password = ask(name)?.hash(entropy)?;
    let user = NewUser {
        name: name.clone(),
        role,
        password,
    };
    match store.act(&Act::AddUser(user), clock.now())? {
        Acted::Done => Ok(writeln!(out, "{name} is added as {role}")?),
        _ => bail!("there is a user {name}: choose another name, or change their role or password"),
    }
}

/// Prints a table of all users.
pub(crate) fn list(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:<7}  {:<24}  {:<24}  {:<24}  NAME",
        "ROLE", "CREATED", "CHANGED", "LAST SEEN"
    )?;
    for user in Reader::open(data)?.users()? {
        let seen = user.seen.map_or_else(|| "-".to_owned(), rfc3339);
        let (created, changed) = (rfc3339(user.created), rfc3339(user.changed));
        writeln!(
            out,
            "{:<7}  {created}  {changed}  {seen:<24}  {}",
            user.role, user.name
        )?;
    }
    Ok(())
}

/// Gives a user another role.
pub(crate) fn role(
    data: &Path,
    name: &UserName,
    role: Role,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    change(data, name, &Act::SetRole(name.clone(), role, LastToo::Yes), clock)?;
    Ok(writeln!(out, "{name} is {role}, and logged out everywhere")?)
}

/// Gives a user another password.
pub(crate) fn password(
    data: &Path,
    name: &UserName,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let password = ask(name)?.hash(entropy)?;
    change(data, name, &Act::SetPassword(name.clone(), password), clock)?;
    Ok(writeln!(
        out,
        "{name} has another password, and is logged out everywhere"
    )?)
}

/// Removes a user.
pub(crate) fn remove(
    data: &Path,
    name: &UserName,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    change(data, name, &Act::RemoveUser(name.clone(), LastToo::Yes), clock)?;
    Ok(writeln!(out, "{name} is removed")?)
}

fn change(data: &Path, name: &UserName, act: &Act, clock: &dyn Clock) -> anyhow::Result<()> {
    // Where there is no database none is made.
    Reader::open(data)?;
    let acted = Store::open(data)?.act(act, clock.now())?;
    ensure!(acted == Acted::Done, "there is no user {name}");
    Ok(())
}

/// Asks for a new password twice where somebody sits at a terminal; otherwise the first line of standard input is it.
fn ask(name: &UserName) -> anyhow::Result<Password> {
    let stdin = io::stdin();
    let typed = if stdin.is_terminal() {
        let hidden = Hidden::begin()?;
        let first = prompt("Password: ")?;
        let second = prompt("Again: ")?;
        drop(hidden);
        ensure!(first == second, "the two differ");
        first
    } else {
        line()?
    };
    Ok(Password::chosen(&typed, name.as_str())?)
}

fn prompt(text: &str) -> anyhow::Result<String> {
    let mut stderr = io::stderr();
    write!(stderr, "{text}")?;
    stderr.flush()?;
    let line = line()?;
    // The end of the line was not shown either.
    writeln!(stderr)?;
    Ok(line)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.context("can't read the password from standard input")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// What is typed is not shown until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Hidden> {
        let before = tcgetattr(io::stdin()).context("can't keep the terminal from showing the password")?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)
            .context("can't keep the terminal from showing the password")?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
