//! `hub user import` and `hub user export`: users who come from elsewhere, and a file that goes round.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::stage::{Done, PASSWORD, Stage};

/// Made by Python's bcrypt 5.0.0 for [`PASSWORD`].
const BCRYPT: &str = "$2b$10$EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3hH12";
/// Made by Werkzeug 3.1.9 for the same.
const WERKZEUG: &str = "scrypt:32768:8:1$qUbWG8FZWfBYBPxV$d3d94abc2fa2ebcfb37e31ea47d297dc4bfca18fd13681bf449e827298e317872ba910111d09c9afdf52f21a5d0a14936f7cccf3f47a0fb9b81565340596e70d";

fn file(stage: &Stage, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = stage.place().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn import(stage: &Stage, path: &Path, further: &[&str]) -> Done {
    let path = path.to_str().unwrap();
    stage.run(&[&["user", "import", path], further].concat())
}

/// What a run told of its counts, whichever way it ended.
fn counts(done: &Done) -> &str {
    done.out.split(" in ").next().unwrap()
}

fn users(stage: &Stage) -> i64 {
    let connection = stage.connection();
    connection
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_file_of_users_comes_in_beside_a_running_server_and_they_sign_in() {
    let stage = Stage::new();
    let server = stage.serve();
    let path = file(
        &stage,
        "users.csv",
        format!(
            "\u{feff}username,email,password_hash,email_verified,premium_tier,created_at,bio,website_url\r\n\
             bob,bob@example.com,{BCRYPT},true,PREMIUM,2024-02-03T04:05:06+01:00,\"two\r\nlines, \"\"quoted\"\"\",https://bob.example\r\n\
             \r\n\
             carol,carol@example.com,{WERKZEUG},,,,,\r\n\
             dora,dora@example.com,,,,,,\r\n"
        ),
    );
    let done = import(&stage, &path, &["--dry-run"]);
    assert_eq!(
        counts(&done),
        "3 would be added, 0 would be skipped, 0 would be refused"
    );
    assert_eq!((done.code, users(&stage)), (0, 2));
    let told = import(&stage, &path, &[]).good();
    let database = stage.database();
    assert_eq!(
        told,
        format!("3 added, 0 skipped, 0 refused in {}\n", database.display())
    );
    server.sign_in("bob");
    server.sign_in("carol");
    assert_eq!(server.login("dora", PASSWORD).0, 401);
    let bob = stage.run(&["user", "show", "bob", "--json"]).json();
    assert_eq!(bob["email_verified"], true);
    assert_eq!(bob["premium_tier"], "PREMIUM");
    assert_eq!(bob["created_at"], "2024-02-03T03:05:06.000000");
    assert_eq!(bob["bio"], "two\r\nlines, \"quoted\"");
    assert_eq!(bob["role"], "USER");
    // Whoever has no password gets one as everybody does.
    let passwd = ["user", "passwd", "dora", "--password-stdin"];
    stage.run_with(&passwd, PASSWORD).good();
    server.sign_in("dora");
    stage.run(&["audit", "verify"]).good();
}

#[test]
fn what_is_wrong_with_a_line_is_told_and_the_others_come_in() {
    let stage = Stage::new();
    let text = format!(
        "username,email,password_hash,role,is_active,created_at\n\
         bob,bob@example.com,{BCRYPT},,false,\n\
         x,nobody,plain text,KING,maybe,2999-01-01\n\
         alice,other@example.com,,,,\n\
         other,ALICE@example.com,,,,\n\
         carol,carol@example.com,{},,,\n\
         dora,dora@example.com,,ADMIN,,\n\
         emil,emil@example.com\n\
         bob,bob@example.com,,,,\n\
         frank,\"fr\"ank@example.com,,,,\n\
         ,,,,,\n",
        BCRYPT.replace("$10$", "$20$")
    );
    let path = file(&stage, "users.csv", &text);
    let errors = stage.place().join("errors.csv");
    let further = ["--errors", errors.to_str().unwrap()];
    let dry = import(&stage, &path, &[&further[..], &["--dry-run"]].concat());
    assert_eq!(
        counts(&dry),
        "1 would be added, 0 would be skipped, 9 would be refused"
    );
    let done = import(&stage, &path, &further);
    assert_eq!(
        (done.code, counts(&done)),
        (1, "1 added, 0 skipped, 9 refused")
    );
    assert_eq!(done.err, dry.err);
    let lines: Vec<&str> = done.err.lines().collect();
    for (line, wanted) in lines.iter().zip([
        "line 3: username: Username must be between 3 and 64 characters; email: Invalid email format; password_hash: no form of hash that the Hub reads;",
        "line 4: somebody with another address has this name already;",
        "line 5: somebody with another name has this address already;",
        "line 6: password_hash: its bcrypt cost of 20 is more than the 14 that is computed here; leave the hash empty",
        "line 7: role: names more than USER; look at who gets it, and add --allow-roles",
        "line 8: this row has 2 cells, and the first row names 6;",
        "line 9: this user is there already; add --skip-existing",
        "line 10: a quotation mark stands within a cell;",
        "line 11: username is missing; email is missing",
        "hub: 9 of the records were refused; mend them and import again with --skip-existing",
    ]) {
        assert!(line.starts_with(wanted), "{line}\n{wanted}");
    }
    assert_eq!(lines.len(), 10);
    assert!(lines[0].contains("role: is none of USER, ADMIN and SUPERADMIN; created_at: lies in the future; is_active: write true or false"), "{}", lines[0]);
    let told = fs::read_to_string(&errors).unwrap();
    assert_eq!(told.lines().count(), 10);
    assert!(told.starts_with("line,problem\r\n3,\"username: "), "{told}");
    for secret in [&BCRYPT[7..30], "plain text"] {
        assert!(!told.contains(secret) && !done.err.contains(secret));
    }
    let bob = stage.run(&["user", "show", "bob", "--json"]).json();
    assert_eq!(bob["is_active"], false);
}

#[test]
fn roles_are_given_only_when_that_is_said() {
    let stage = Stage::new();
    let text = "{\"username\": \"bob\", \"email\": \"bob@example.com\", \"role\": \"ADMIN\"}\n";
    let path = file(&stage, "users.jsonl", text);
    assert_eq!(import(&stage, &path, &[]).code, 1);
    import(&stage, &path, &["--allow-roles"]).good();
    let bob = stage.run(&["user", "show", "bob", "--json"]).json();
    assert_eq!(bob["role"], "ADMIN");
}

#[test]
fn a_run_that_was_cut_off_goes_on_where_it_was() {
    let stage = Stage::new();
    let rows = (0..700).map(|number| format!("user-{number},user-{number}@example.com\n"));
    let text = format!("username,email\n{}", rows.collect::<Vec<_>>().concat());
    // The file of the first run ends within a record.
    let cut = file(&stage, "cut.csv", format!("{text}user-700,\"user"));
    let done = import(&stage, &cut, &[]);
    assert_eq!(
        (done.code, counts(&done)),
        (1, "700 added, 0 skipped, 0 refused")
    );
    assert!(
        done.err
            .contains("line 702: the file ends within this record"),
        "{}",
        done.err
    );
    // A batch that fails leaves those before it, whole.
    stage
        .connection()
        .execute_batch(
            "DELETE FROM users WHERE username LIKE 'user-%';
             CREATE TRIGGER no BEFORE INSERT ON users WHEN new.username = 'user-600' BEGIN SELECT raise(ABORT, 'no'); END",
        )
        .unwrap();
    let whole = file(&stage, "whole.csv", &text);
    let done = import(&stage, &whole, &[]);
    assert_eq!(
        (done.code, counts(&done)),
        (1, "500 added, 0 skipped, 0 refused")
    );
    stage.connection().execute_batch("DROP TRIGGER no").unwrap();
    let dry = import(&stage, &whole, &["--skip-existing", "--dry-run"]);
    assert_eq!(
        counts(&dry),
        "200 would be added, 500 would be skipped, 0 would be refused"
    );
    let done = import(&stage, &whole, &["--skip-existing"]);
    assert_eq!(
        (done.code, counts(&done)),
        (0, "200 added, 500 skipped, 0 refused")
    );
    assert_eq!(users(&stage), 702);
    stage.run(&["audit", "verify"]).good();
}

#[test]
fn hostile_files_are_refused_by_their_lines_and_cost_bounded_memory() {
    let stage = Stage::new();
    let head = "username,email,bio\n";
    let good = "bob,bob@example.com,\n";
    for (text, told) in [
        (
            b"".to_vec(),
            "the file is empty; its first row names the columns",
        ),
        (
            b"username,e-mail\n".to_vec(),
            "line 1: the column e-mail is unknown; did you mean email?",
        ),
        (
            b"username,username\n".to_vec(),
            "line 1: the column username is there twice",
        ),
        (
            format!("alice,{BCRYPT}\n").into_bytes(),
            "line 1: the column alice is unknown",
        ),
        (
            [head.as_bytes(), b"a\xff,b,c\n"].concat(),
            "line 2: this row is not UTF-8 text",
        ),
        (
            [head.as_bytes(), b"a\0,b,c\n"].concat(),
            "line 2: this row has a NUL character",
        ),
        (
            format!("{head}eve,eve@example.com,\"{}", "x\n".repeat(40_000)).into_bytes(),
            "line 2: this record is longer than 32768 bytes",
        ),
        (
            format!("{head}{}", "x".repeat(40_000)).into_bytes(),
            "line 2: this record is longer than 32768 bytes",
        ),
        (
            format!("{head}eve,eve@example.com,\"\u{1b}[2J\"\n").into_bytes(),
            "line 2: bio: Bio must not contain control characters",
        ),
        (
            format!("{head}{}{good}{good}", "\n".repeat(100_000)).into_bytes(),
            "line 100003: this user is there already",
        ),
    ] {
        let path = file(&stage, "users.csv", &text);
        let done = import(&stage, &path, &["--dry-run"]);
        assert_eq!(done.code, 1, "{told}");
        assert!(done.err.contains(told), "{told}: {}", done.err);
        assert!(!done.err.contains(&BCRYPT[7..20]));
    }
    for (text, told) in [
        ("[{\"username\": \"bob\"}", "line 1: email is missing"),
        (
            "\n\n{\"name\": \"bob\"}",
            "line 3: the column name is unknown",
        ),
        (
            "{\"username\": 7}",
            "line 1: username is neither a text nor true, false or null",
        ),
        (
            "{\"username\": \"b}",
            "line 1: the file ends within this record",
        ),
        ("{\"username\" \"b\"}", "line 1: this is no JSON object"),
        ("\"username\"", "line 1: here an object should begin"),
        (
            &format!("{{\"bio\": {}", "[".repeat(40_000)),
            "line 1: this record is longer than 32768 bytes",
        ),
        (
            &format!("{{\"bio\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000)),
            "line 1: this is no JSON object",
        ),
    ] {
        let path = file(&stage, "users.json", text);
        let done = import(&stage, &path, &["--dry-run"]);
        assert_eq!(done.code, 1, "{told}");
        assert!(done.err.contains(told), "{told}: {}", done.err);
    }
    assert_eq!(users(&stage), 2);
}

#[test]
fn how_the_command_is_called_wrongly_is_told_by_its_exit_code() {
    let stage = Stage::new();
    let nowhere = stage.place().join("nowhere.csv");
    assert!(
        import(&stage, &nowhere, &[])
            .failed(69)
            .starts_with("cannot read ")
    );
    let plain = file(&stage, "users.txt", "username,email\n");
    let line = import(&stage, &plain, &[]).failed(2);
    assert_eq!(
        line,
        "nothing says how the file is written; add --format csv or --format json"
    );
    import(&stage, &plain, &["--format", "csv"]).good();
    let given = ["user", "import", "-", "--format", "csv"];
    let told = stage
        .run_with(&given, "username,email\nbob,bob@example.com\n")
        .good();
    assert!(told.starts_with("1 added,"), "{told}");
    let firebase = file(&stage, "firebase.txt", "algorithm: SCRYPT\n");
    let named = ["--format", "csv", "--firebase", firebase.to_str().unwrap()];
    fs::set_permissions(&firebase, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        import(&stage, &plain, &named)
            .failed(77)
            .contains("chmod 600")
    );
    fs::set_permissions(&firebase, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(
        import(&stage, &plain, &named)
            .failed(78)
            .ends_with("base64_signer_key is missing")
    );
}

#[test]
fn users_of_a_firebase_project_come_in_with_its_parameters() {
    let stage = Stage::new();
    let server = stage.serve();
    let parameters = file(
        &stage,
        "firebase.txt",
        "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n",
    );
    fs::set_permissions(&parameters, fs::Permissions::from_mode(0o600)).unwrap();
    let path = file(
        &stage,
        "users.json",
        "[{\"username\": \"bob\", \"email\": \"bob@example.com\", \"password_salt\": \"42xEC+ixf3L2lw==\",\n\
          \"password_hash\": \"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==\"}]",
    );
    assert_eq!(import(&stage, &path, &[]).code, 1);
    import(&stage, &path, &["--firebase", parameters.to_str().unwrap()]).good();
    assert_eq!(server.login("bob", "user1password").0, 200);
}

#[test]
fn what_is_exported_comes_back_as_it_was() {
    let stage = Stage::new();
    let text = format!(
        "username,email,password_hash,is_active,bio,created_at,role\n\
         -bob,+bob@example.com,{BCRYPT},false,\"'=1+1\",2020-01-02,ADMIN\n\
         _carol,'=carol@example.com,,true,\"'''\n HYPERLINK(\"\"x\"\")\",,\n\
         dora,=dora@example.com,{WERKZEUG},true,\"=cmd|' /C calc'!A0\",,\n"
    );
    let path = file(&stage, "users.csv", &text);
    import(&stage, &path, &["--allow-roles"]).good();
    let plain = stage.run(&["user", "export"]).good();
    assert!(
        !plain.contains("password_hash") && !plain.contains("$2b$") && !plain.contains("argon2")
    );
    for cell in plain.split(['\n', ',']) {
        let cell = cell.trim_start_matches('"');
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    for format in ["csv", "json"] {
        let exported = stage.place().join(format!("out.{format}"));
        let named = exported.to_str().unwrap();
        let arguments = [
            "user",
            "export",
            "--format",
            format,
            "--with-hashes",
            "--output",
            named,
        ];
        assert_eq!(stage.run(&arguments).good(), "");
        let mode = fs::metadata(&exported).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(stage.run(&arguments).failed(73).starts_with("cannot make "));
        let redirected = stage
            .run(&["user", "export", "--format", format, "--with-hashes"])
            .good();
        assert_eq!(redirected, fs::read_to_string(&exported).unwrap());
        let other = Stage::empty();
        other.serve().stop();
        let told = import(&other, &exported, &["--allow-roles"]).good();
        assert!(told.starts_with("5 added, 0 skipped, 0 refused"), "{told}");
        assert_eq!(rows(&other), rows(&stage), "{format}");
        let server = other.serve();
        server.sign_in("alice");
        server.sign_in("dora");
    }
}

/// All of every user, but for their number and when their row was last changed.
fn rows(stage: &Stage) -> Vec<Vec<rusqlite::types::Value>> {
    let connection = stage.connection();
    let columns = crate::fixture::columns(&connection, "users");
    let kept = columns
        .into_iter()
        .filter(|name| name != "id" && name != "updated_at");
    crate::fixture::rows(&connection, "users", &kept.collect::<Vec<_>>())
}
