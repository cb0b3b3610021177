//! The header of the PROXY protocol, versions 1 and 2: for whom a proxy connects.
//!
//! Only what belongs to the header is taken from the socket: looked at first, and taken once it is known where the header
//! ends. So not a byte of what follows is lost, and TLS or HTTP begins on an untouched socket.

use std::io;
use std::net::SocketAddr;

use proxy_header::{Error, ParseConfig, Protocol, ProxyHeader};
use tokio::io::AsyncReadExt;

use super::limits::MAX_PROXY_HEADER_BYTES;
use super::socket::Socket;

/// For whom the proxy connects.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// For the client at this address.
    For(SocketAddr),
    /// For itself, to see whether the door is open; or it does not know.
    Itself,
}

/// Reads a header; an error when there is none, or none that is whole and well-formed.
pub(super) async fn read(socket: &mut Socket) -> io::Result<Spoken> {
    let mut header = [0; MAX_PROXY_HEADER_BYTES];
    let mut taken = 0;
    loop {
        let arrived = socket.peek(&mut header[taken..]).await?;
        if arrived == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let seen = &header[..taken + arrived];
        match parse(seen)? {
            Some((spoken, length)) => {
                // What was taken before was no whole header: the end lies beyond it.
                socket.read_exact(&mut header[taken..length]).await?;
                return Ok(spoken);
            }
            None if seen.len() == header.len() => {
                return Err(malformed("it is too long"));
            }
            // All of it belongs to the header. Taken now, so that the next look waits for more.
            None => {
                let end = taken + arrived;
                socket.read_exact(&mut header[taken..end]).await?;
                taken = end;
            }
        }
    }
}

/// What a whole header says and how long it is; nothing as long as its end is missing.
fn parse(seen: &[u8]) -> io::Result<Option<(Spoken, usize)>> {
    let only_the_address = ParseConfig {
        include_tlvs: false,
        ..ParseConfig::default()
    };
    match ProxyHeader::parse(seen, only_the_address) {
        Ok((header, length)) => {
            let spoken = match header.proxied_address() {
                Some(address) if address.protocol == Protocol::Stream => {
                    Spoken::For(address.source)
                }
                // Nothing that came in datagrams is served here: whatever it is, it says nothing of this connection.
                Some(_) => return Err(malformed("it is about datagrams")),
                None => Spoken::Itself,
            };
            Ok(Some((spoken, length)))
        }
        Err(Error::BufferTooShort) => Ok(None),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::{Spoken, parse};

    const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

    fn second(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("a short header");
        [SIGNATURE, &[command, family], &length.to_be_bytes(), rest].concat()
    }

    fn client(address: &str) -> Spoken {
        Spoken::For(address.parse().expect("an address"))
    }

    #[test]
    fn both_versions_say_who_the_client_is_and_where_they_end() {
        let four = [198, 51, 100, 7, 127, 0, 0, 1, 0x12, 0x67, 0, 80];
        let mut six = [0; 36];
        six[..2].copy_from_slice(&[0x20, 0x01]);
        six[15] = 9;
        six[32..34].copy_from_slice(&[0, 9]);
        for (header, spoken) in [
            (
                b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n".to_vec(),
                client("198.51.100.7:4711"),
            ),
            (
                b"PROXY TCP6 2001::9 ::1 9 80\r\n".to_vec(),
                client("[2001::9]:9"),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), Spoken::Itself),
            (b"PROXY UNKNOWN ff::1 ::1 1 2\r\n".to_vec(), Spoken::Itself),
            (second(0x21, 0x11, &four), client("198.51.100.7:4711")),
            // With one more field behind the addresses.
            (
                second(0x21, 0x11, &[&four[..], &[4, 0, 2, 0, 0]].concat()),
                client("198.51.100.7:4711"),
            ),
            (second(0x21, 0x21, &six), client("[2001::9]:9")),
            (second(0x20, 0x00, &[]), Spoken::Itself),
            (second(0x20, 0x11, &four), Spoken::Itself),
            (second(0x21, 0x00, &[]), Spoken::Itself),
            (second(0x21, 0x31, &[0; 216]), Spoken::Itself),
        ] {
            for cut in 0..header.len() {
                let cut = parse(&header[..cut]).expect("nothing wrong so far");
                assert_eq!(cut, None, "{header:?}");
            }
            let length = header.len();
            let longer = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            let found = parse(&longer).expect("a header");
            assert_eq!(found, Some((spoken, length)), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for wrong in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"\x16\x03\x01".to_vec(),
            b"PROXY TCP4 198.51.100.7 ::1 4711 80\r\n".to_vec(),
            b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 99999\r\n".to_vec(),
            b"PROXY TCP5 198.51.100.7 127.0.0.1 4711 80\r\n".to_vec(),
            b"PROXY UNKNOWN\rX and what follows".to_vec(),
            [&b"PROXY UNKNOWN "[..], &[b'x'; 107]].concat(),
            second(0x31, 0x11, &[0; 12]),
            second(0x22, 0x11, &[0; 12]),
            // Too short for its addresses; told as soon as a byte of what follows is there.
            [second(0x21, 0x11, &[0; 11]), vec![0]].concat(),
            second(0x21, 0x12, &[0; 12]),
            second(0x21, 0x41, &[0; 12]),
            b"\r\n\r\n\0\r\nQUITTING the line".to_vec(),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
    }
}
