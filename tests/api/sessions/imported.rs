//! Users who were imported: each signs in with the password that they had, once with the hash of then, and from then on with ours.

use hub::crypto::firebase::FirebaseProject;
use hub::crypto::hasher::StoredHash;
use hub::features::admin::users::import_users::{Fate, ImportUsers};
use hub::features::users::model::{ImportedUser, NewUser};
use hub::types::email::Email;
use hub::types::role::Role;
use hub::types::tier::Tier;
use hub::types::username::Username;

use crate::stage::{PASSWORD, Stage};

/// Made as `tests/crypto/foreign.rs` says, all for [`PASSWORD`].
const HASHES: [(&str, &str); 8] = [
    (
        "bcrypt",
        "$2b$10$EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3hH12",
    ),
    (
        "php",
        "$2y$10$WMeAohDPLL6sj5ySOsxRrepheTmOqXkN7vRAZEOC9i0dxQpL/upEK",
    ),
    (
        "werkzeug-scrypt",
        "scrypt:32768:8:1$qUbWG8FZWfBYBPxV$d3d94abc2fa2ebcfb37e31ea47d297dc4bfca18fd13681bf449e827298e317872ba910111d09c9afdf52f21a5d0a14936f7cccf3f47a0fb9b81565340596e70d",
    ),
    (
        "werkzeug-pbkdf2",
        "pbkdf2:sha256:1000000$rbI3JzDWW058THXb$008d1a8136448c4f2c618de271471371dac2a9b6e0cf82a8f1f45912894576ef",
    ),
    (
        "django-pbkdf2",
        "pbkdf2_sha256$1000000$4e0VHDlPRCbBYcSLsp6riF$3iVn2b1XWB8dqFFrmQwhYxB9AobFUCDTe9JOuMJFafY=",
    ),
    (
        "django-argon2",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$UTFTMkd0S21rbnp4dGgxZXNiMDBFdA$b+/jIEtL6HUosJoxcGQiJtwRAnqga29PPofxvFWvTSg",
    ),
    (
        "phc-argon2id",
        "$argon2id$v=19$m=65536,t=3,p=4$plWl9nn2cfIZ0Zx9hlkQaw$81Ip9zhOqdHwcJYRMh09q5P7R1mPcl6gIuQS7XUwPL0",
    ),
    (
        "phc-argon2i",
        "$argon2i$v=19$m=65536,t=3,p=4$RIwDKUSlKlwCb3w+6ZINCQ$+MSUaBBitvsVSX0GmGujssf3ctgh18tUzaBkHOTruoo",
    ),
];

fn newcomer(name: &str, password_hash: StoredHash) -> ImportedUser {
    ImportedUser {
        user: NewUser {
            username: Username::parse(name).expect("a name"),
            email: Email::parse(&format!("{name}@example.com")).expect("an address"),
            password_hash,
            role: Role::User,
        },
        email_verified: true,
        premium_tier: Tier::parse("PREMIUM").expect("a tier"),
        is_active: true,
        created_at: None,
        bio: None,
        profile_photo_url: None,
        website_url: None,
    }
}

async fn import(stage: &Stage, users: Vec<ImportedUser>) {
    let count = users.len();
    let cause = stage.cause();
    let fates = stage.apply(ImportUsers { users, cause }).await;
    assert_eq!(fates, vec![Fate::Added; count]);
}

fn stored(stage: &Stage, name: &str) -> String {
    stage.text(&format!(
        "SELECT password_hash FROM users WHERE username = '{name}'"
    ))
}

#[rocket::async_test]
async fn whoever_was_imported_signs_in_and_their_hash_is_ours_from_then_on() {
    let stage = Stage::without_limits().await;
    let settings = *stage.hub().hasher.settings();
    let project = FirebaseProject::parse(
        "algorithm: SCRYPT\nbase64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==\n\
         base64_salt_separator: Bw==\nrounds: 8\nmem_cost: 14\n",
    )
    .expect("a project");
    let firebase = StoredHash::imported_from_firebase(
        &project,
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "42xEC+ixf3L2lw==",
    )
    .expect("a hash");
    let mut users: Vec<ImportedUser> = HASHES
        .iter()
        .map(|(name, hash)| newcomer(name, StoredHash::imported(hash, &settings).expect(name)))
        .collect();
    users.push(newcomer("firebase", firebase));
    import(&stage, users).await;
    let named = HASHES.iter().map(|(name, _)| (*name, PASSWORD));
    for (name, password) in named.chain([("firebase", "user1password")]) {
        let before = stored(&stage, name);
        assert!(!before.starts_with("$argon2id"), "{name}");
        let refused = stage.login_with(name, "correct horse 8").await;
        assert_eq!(refused.status, 401, "{name}");
        assert_eq!(stored(&stage, name), before);
        let answer = stage.login_with(name, password).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let after = stored(&stage, name);
        assert!(after.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{name}");
        let rows = stage.audit();
        let [.., renewal, start] = rows.as_slice() else {
            panic!("two rows")
        };
        assert_eq!(renewal.action, "password.renew");
        assert_eq!(
            (&*start.action, renewal.request_id == start.request_id),
            ("session.start", true)
        );
        assert_eq!(stage.login_with(name, password).await.status, 200);
        assert_eq!(stored(&stage, name), after);
    }
}

#[rocket::async_test]
async fn every_imported_user_has_an_audit_row_of_their_own() {
    let stage = Stage::new().await;
    let users = ["one", "two", "three"].map(|name| newcomer(name, StoredHash::none()));
    import(&stage, users.to_vec()).await;
    let rows = stage.audit();
    let told: Vec<_> = rows.iter().rev().take(3).rev().collect();
    for (row, id) in told.into_iter().zip(1..) {
        assert_eq!(row.action, "user.add");
        assert_eq!(row.target, Some(format!("user:{id}")));
        assert_eq!(row.detail.as_deref(), Some("role=USER by=import"));
        assert_eq!(row.actor, "cli:1000");
    }
}

#[rocket::async_test]
async fn an_account_without_a_password_is_answered_like_a_wrong_one() {
    let stage = Stage::new().await;
    import(&stage, vec![newcomer("nothing", StoredHash::none())]).await;
    for typed in ["*", "", PASSWORD] {
        let answer = stage.login_with("nothing", typed).await;
        if typed.is_empty() {
            assert_eq!(answer.status, 400);
        } else {
            answer.is_error(401, "Invalid credentials", "invalid_credentials");
        }
    }
}

#[rocket::async_test]
async fn whoever_is_signed_in_proves_a_foreign_hash_too_and_changes_it() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql(&format!(
        "UPDATE users SET password_hash = '{}'",
        HASHES[0].1
    ));
    let wrong = stage
        .change_password(&pair.access, "correct horse 8", "another horse 8")
        .await;
    assert_eq!(wrong.status, 401);
    let changed = stage
        .change_password(&pair.access, PASSWORD, "another horse 8")
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert!(stored(&stage, "alice").starts_with("$argon2id$v=19$m=8,"));
    assert_eq!(
        stage.login_with("alice", "another horse 8").await.status,
        200
    );
}

#[rocket::async_test]
async fn a_batch_comes_in_whole_or_not_at_all_and_tells_who_was_there() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let mut taken = newcomer("bob", StoredHash::none());
    taken.user.email = Email::parse("ALICE@example.com").expect("an address");
    let mut other = newcomer("Alice", StoredHash::none());
    other.user.email = Email::parse("other@example.com").expect("an address");
    let users = vec![
        newcomer("ALICE", StoredHash::none()),
        taken,
        other,
        newcomer("carol", StoredHash::none()),
        newcomer("carol", StoredHash::none()),
    ];
    let cause = stage.cause();
    let fates = stage.apply(ImportUsers { users, cause }).await;
    assert!(
        matches!(
            fates.as_slice(),
            [
                Fate::Present,
                Fate::Refused(_),
                Fate::Refused(_),
                Fate::Added,
                Fate::Present
            ]
        ),
        "{fates:?}"
    );
    // The third one's row cannot be written: nothing of the batch is.
    stage.sql("CREATE TRIGGER no BEFORE INSERT ON users WHEN new.username = 'frank' BEGIN SELECT raise(ABORT, 'no'); END");
    let before = (
        stage.number("SELECT count(*) FROM users"),
        stage.audit().len(),
    );
    let users = ["dora", "emil", "frank"].map(|name| newcomer(name, StoredHash::none()));
    let cause = stage.cause();
    let failed = stage
        .store
        .write(ImportUsers {
            users: users.to_vec(),
            cause,
        })
        .await;
    assert!(failed.is_err());
    stage.sql("DROP TRIGGER no");
    let after = (
        stage.number("SELECT count(*) FROM users"),
        stage.audit().len(),
    );
    assert_eq!(before, after);
}
