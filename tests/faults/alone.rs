//! One file is the whole program: copied alone into an empty directory, with its source tree out of sight, it does everything.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::driver::server::Launch;
use crate::driver::stage::{self, PASSWORD, ask, refresh_body, sign_in_body};

/// Covers the source tree and the build directory with nothing; that they are out of sight is checked before the server starts.
const OUT_OF_SIGHT: &str = "for covered in \"$1\" \"$2\"; do \
     if [ -d \"$covered\" ]; then mount -t tmpfs -o size=4k nothing \"$covered\"; fi; done; \
     if [ -e \"$1/Cargo.toml\" ] || [ -e \"$1/templates\" ] || [ -e \"$2/debug\" ]; then echo still in sight >&2; exit 1; fi";

#[test]
fn the_binary_alone_in_an_empty_directory_does_everything() {
    let possible = Command::new("unshare")
        .args(["--map-root-user", "--mount", "true"])
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        possible,
        "this test needs unshare (util-linux) and a kernel that allows user and mount namespaces"
    );
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("place");
        fs::create_dir(&place).unwrap();
        let data = place.join("data");
        let log = directory.path().join("hub.log");
        let launch = Launch::on(&data).cheap_hashing().log_to(log);
        fs::copy(launch.binary_path(), place.join("hub")).unwrap();
        let tree = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let server = launch
            .binary(place.join("hub"))
            .in_own_namespace(OUT_OF_SIGHT, &[tree, built])
            .start();
        let address = server.address;

        let page = ask(address, "GET /", None, "").await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        // In an attribute a slash may be written as a character reference.
        let html = page.body.replace("&#x2F;", "/");
        let style = html
            .split('"')
            .find(|part| part.starts_with("/static/style."));
        let style = ask(address, &format!("GET {}", style.unwrap()), None, "").await;
        assert_eq!(style.status, 200);
        assert_eq!(
            style.header("content-type"),
            Some("text/css; charset=utf-8")
        );
        assert!(!style.body.is_empty());
        assert_eq!(
            ask(address, "GET /api/status", None, "")
                .await
                .text("status"),
            "ok"
        );

        assert_eq!(stage::register(address, "somebody").await.status, 201);
        let body = sign_in_body("somebody", PASSWORD);
        let signed_in = ask(address, "POST /api/auth/login", None, &body).await;
        assert_eq!(signed_in.status, 200);
        let body = refresh_body(&signed_in.text("refresh_token"));
        let refreshed = ask(address, "POST /api/auth/refresh", None, &body).await;
        assert_eq!(refreshed.status, 200);
        let access = refreshed.text("access_token");
        let me = ask(address, "GET /api/auth/me", Some(&access), "").await;
        assert_eq!(me.json()["user"]["username"], "somebody");

        assert_eq!(names(&place), ["data", "hub"]);
        only_for_its_owner(&data);
        let log = server.log();
        assert_eq!(log, "", "it has nothing to complain of");
    });
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = entries(directory)
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Every directory 0700, every file 0600.
fn only_for_its_owner(path: &Path) {
    let found = fs::symlink_metadata(path).unwrap();
    let expected = if found.is_dir() { 0o700 } else { 0o600 };
    let mode = found.permissions().mode() & 0o7777;
    assert_eq!(mode, expected, "{}: {mode:o}", path.display());
    if found.is_dir() {
        for entry in entries(path) {
            only_for_its_owner(&entry);
        }
    }
}
