//! A TCP port of 127.0.0.1 that stays ours while nothing listens on it.
//!
//! A socket that is bound but does not listen refuses connections, and keeps others from taking its port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;

use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 256;

/// A port that is bound, and refuses.
#[derive(Debug)]
pub(crate) struct Port {
    socket: OwnedFd,
    addr: SocketAddr,
}

impl Port {
    /// Binds 127.0.0.1:`number`; any free port for 0.
    pub(crate) fn bind(number: u16) -> io::Result<Self> {
        let socket = net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, number))?;
        let addr = SocketAddr::try_from(net::getsockname(&socket)?)?;
        Ok(Self { socket, addr })
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn listen(self) -> io::Result<TcpListener> {
        net::listen(&self.socket, BACKLOG)?;
        Ok(TcpListener::from(self.socket))
    }
}
