//! TLS as curl, openssl and an administrator meet it.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::certificates::{self, Certificate};
use crate::stage::{PATIENCE, Stage};

const SERVE: [&str; 3] = ["serve", "--bind", "127.0.0.1:0"];

/// Clients that connect anew all the time while certificates change.
const CLIENTS: usize = 16;
/// How often they change.
const SWAPS: usize = 20;

fn with(certificate: &Certificate) -> Stage {
    let mut stage = Stage::empty();
    set(&mut stage, &certificate.cert, &certificate.key);
    stage
}

fn set(stage: &mut Stage, cert: &Path, key: &Path) {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    stage.environment.push(("HUB_TLS__CERT", text(cert)));
    stage.environment.push(("HUB_TLS__KEY", text(key)));
}

fn curl(more: &[&str], cert: &Path, url: &str) -> std::process::Output {
    Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "20",
            "--cacert",
        ])
        .arg(cert)
        .args(more)
        .arg(url)
        .output()
        .unwrap()
}

#[test]
fn curl_is_answered_over_tls_1_2_and_1_3_and_told_of_https_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = certificates::make(directory.path(), "hub");
    let stage = with(&certificate);
    let server = stage.serve();
    let url = format!("https://{}/api/status", server.address);
    for version in ["1.2", "1.3"] {
        let only = [&*format!("--tlsv{version}"), "--tls-max", version];
        let done = curl(&only, &certificate.cert, &url);
        assert!(done.status.success(), "{version}: {done:?}");
        let answer = String::from_utf8(done.stdout).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        // The default of the public address follows.
        assert!(
            answer
                .to_lowercase()
                .contains("strict-transport-security: "),
            "{answer}"
        );
    }
    let plain = format!("http://{}/", server.address);
    let done = curl(&[], &certificate.cert, &plain);
    let answer = String::from_utf8(done.stdout).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("https_required"),
        "{answer}"
    );
    let bind = server.address.to_string();
    let told = stage.run(&["healthcheck", "--bind", &bind]).good();
    assert_eq!(told, format!("alive at {bind}\n"));
    let (code, greeting, _) = server.stop();
    assert_eq!(code, 0);
    assert!(
        greeting.contains(&format!("  address   https://{bind}\n")),
        "{greeting}"
    );
}

#[test]
fn openssl_finds_nothing_older_than_tls_1_2() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = certificates::make(directory.path(), "hub");
    let stage = with(&certificate);
    let server = stage.serve();
    let handshake = |version: &str| {
        let done = Command::new("openssl")
            .args(["s_client", "-brief", "-cipher", "ALL:@SECLEVEL=0", version])
            .args(["-connect", &server.address.to_string(), "-CAfile"])
            .arg(&certificate.cert)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        (done.status.success(), told)
    };
    for (version, spoken) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let (good, told) = handshake(version);
        assert!(
            good && told.contains(spoken) && told.contains("Verification: OK"),
            "{told}"
        );
    }
    for version in ["-tls1", "-tls1_1"] {
        let (good, told) = handshake(version);
        assert!(!good && told.contains(" alert "), "{version}: {told}");
    }
    // The first message of SSL 3.0, which programs of today cannot speak any more.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut hello = vec![22, 3, 0, 0, 45, 1, 0, 0, 41, 3, 0];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0, 10, 1, 0]);
    stream.write_all(&hello).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    // A fatal alert, and nothing of a handshake.
    assert_eq!((answer[0], answer[5]), (21, 2), "{answer:?}");
}

#[test]
fn files_that_cannot_be_used_are_told_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let one = certificates::make(directory.path(), "one");
    let two = certificates::make(directory.path(), "two");
    let missing = directory.path().join("missing.pem");
    let (cert, key) = (one.cert.display(), one.key.display());
    for (used, code, wanted) in [
        (
            (&missing, &one.key),
            78,
            format!("cannot read {}: ", missing.display()),
        ),
        (
            (&one.cert, &missing),
            78,
            format!("cannot read {}: ", missing.display()),
        ),
        (
            (&one.key, &one.key),
            78,
            format!("{key} holds no certificate; "),
        ),
        (
            (&one.cert, &one.cert),
            77,
            format!("{cert} can be read or written by everyone (mode 0644); run: chmod 640 {cert}"),
        ),
        (
            (&one.cert, &two.key),
            78,
            format!(
                "the key in {} does not belong to the certificate in {cert}; ",
                two.key.display()
            ),
        ),
    ] {
        let mut stage = Stage::empty();
        set(&mut stage, used.0, used.1);
        let line = stage.run(&SERVE).failed(code);
        assert!(line.starts_with(&wanted), "{line}");
        // It is found before the server begins.
        let line = stage.run(&["config", "check"]).failed(code);
        assert!(line.starts_with(&wanted), "{line}");
    }
    fs::set_permissions(&one.key, fs::Permissions::from_mode(0o604)).unwrap();
    let line = with(&one).run(&SERVE).failed(77);
    assert!(line.contains("(mode 0604); run: chmod 640"), "{line}");
    fs::set_permissions(&one.key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(with(&one).serve().stop().0, 0);
    let mut half = Stage::empty();
    half.environment.push(("HUB_TLS__CERT", cert.to_string()));
    let line = half.run(&SERVE).failed(78);
    assert!(line.contains("TLS needs both files"), "{line}");
    let unix = with(&one).run(&["serve", "--bind", "unix:/nowhere/hub.sock"]);
    assert!(unix.failed(78).contains("a Unix socket carries no TLS"));
}

#[test]
fn a_certificate_out_of_its_time_is_served_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    for (name, span, wanted) in [
        (
            "old",
            ["20200101000000Z", "20210102030405Z"],
            "has expired at 2021-01-02T03:04:05",
        ),
        (
            "young",
            ["20900102030405Z", "20991231000000Z"],
            "is not valid before 2090-01-02T03:04:05",
        ),
    ] {
        let certificate = certificates::make_for(directory.path(), name, span);
        let stage = with(&certificate);
        let server = stage.serve();
        let url = format!("https://{}/healthz", server.address);
        let answered = |more: &[&str]| curl(more, &certificate.cert, &url).status.success();
        assert!(answered(&["--insecure"]) && !answered(&[]));
        let (_, _, log) = server.stop();
        assert!(log.contains("\"WARN\"") && log.contains(wanted), "{log}");
    }
}

#[test]
fn certificates_change_under_load_without_a_failed_request() {
    let directory = tempfile::tempdir().unwrap();
    let pairs = ["one", "two"].map(|name| certificates::make(directory.path(), name));
    let used = Certificate {
        cert: directory.path().join("used.pem"),
        key: directory.path().join("used.key"),
    };
    let put = |pair: &Certificate| {
        fs::copy(&pair.cert, &used.cert).unwrap();
        fs::copy(&pair.key, &used.key).unwrap();
    };
    put(&pairs[0]);
    let stage = with(&used);
    let server = stage.serve();
    let known = pairs
        .each_ref()
        .map(|pair| CertificateDer::from_pem_file(&pair.cert).unwrap());
    let config = trusting(&known);
    let address = server.address;
    let seen = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let over = AtomicBool::new(false);
    let failures = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut failures = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        match ask(address, &config) {
                            Ok(certificate) => {
                                let at = known.iter().position(|known| *known == certificate);
                                seen[at.unwrap()].fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => failures.push(error.to_string()),
                        }
                    }
                    failures
                })
            })
            .collect();
        for swap in 1..=SWAPS {
            let pair = &pairs[swap % 2];
            put(pair);
            server.signal(Signal::HUP);
            server.until_logged("the certificate was read anew", swap);
            // From here on nobody is shown the old one.
            let shown = ask(address, &config).unwrap();
            assert_eq!(shown, known[swap % 2], "swap {swap}");
            std::thread::sleep(Duration::from_millis(20));
        }
        // Half a swap changes nothing.
        fs::copy(&pairs[1].key, &used.key).unwrap();
        server.signal(Signal::HUP);
        server.until_logged("the certificate was not read anew; the old one stays", 1);
        assert_eq!(ask(address, &config).unwrap(), known[0]);
        over.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect::<Vec<_>>()
    });
    let seen = seen.map(AtomicUsize::into_inner);
    println!(
        "{SWAPS} swaps, requests with either certificate: {seen:?}, failed: {}",
        failures.len()
    );
    assert!(failures.is_empty(), "{failures:?}");
    assert!(seen.iter().all(|seen| *seen >= SWAPS), "{seen:?}");
    assert_eq!(server.stop().0, 0);
}

fn trusting(known: &[CertificateDer<'static>]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in known {
        roots.add(certificate.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(config.with_no_client_auth())
}

/// One request on a connection of its own; the certificate that was shown.
fn ask(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<CertificateDer<'static>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let server = ServerName::from(IpAddr::from([127, 0, 0, 1]));
    let session =
        ClientConnection::new(Arc::clone(config), server).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(session, stream);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        return Err(std::io::Error::other(answer));
    }
    let shown = stream.conn.peer_certificates().and_then(<[_]>::first);
    shown
        .cloned()
        .ok_or_else(|| std::io::Error::other("no certificate"))
}
