//! `/account/second-factor` and what stands below it.

use std::time::Duration;

use hub::types::role::Role;

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::second_factors::owner::Owner;
use crate::stage::{PASSWORD, SECOND, Stage};

const PATH: &str = "/account/second-factor";
const CONFIRM: &str = "/account/second-factor/confirm";
const REMOVE: &str = "/account/second-factor/remove";
const RENEW: &str = "/account/second-factor/recovery-codes";

/// After this a password given before counts no more.
const STALE: Duration = Duration::from_secs(301);

/// The recovery codes on a page.
fn codes(page: &Answer) -> Vec<String> {
    let items = page.body.split("<li>").skip(1);
    let texts = items.filter_map(|item| item.split('<').next());
    texts
        .filter(|text| text.len() == 19 && text.matches('-').count() == 3)
        .map(str::to_owned)
        .collect()
}

fn groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups = letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

/// Adds a second factor by the pages.
async fn add(owner: &Owner<'_>, browser: &Browser<'_>) -> Vec<String> {
    browser.get(PATH).await;
    let begun = browser.post(PATH, &[]).await;
    assert_eq!(begun.header("Location"), Some(PATH), "{}", begun.body);
    browser.get(PATH).await;
    let confirmed = browser.post(CONFIRM, &[("code", &owner.code(0))]).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    codes(&confirmed)
}

#[rocket::async_test]
async fn a_second_factor_is_added_by_picture_or_text_and_a_first_code() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Add a second factor") && !page.body.contains("<path"));
    let begun = browser.post(PATH, &[]).await;
    assert_eq!(begun.status, 303);
    let page = browser.get(PATH).await;
    let secret = owner.secret().reveal().to_string();
    assert!(page.body.contains(&groups(&secret)), "{}", page.body);
    assert!(page.body.contains("role=\"img\"") && page.body.contains("d=\"M4 4h7"));
    assert!(
        page.body
            .contains("otpauth:&#x2F;&#x2F;totp&#x2F;RegardingWork%20Hub:ann?secret=")
    );
    assert!(page.body.len() <= 50_000, "{}", page.body.len());
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    // A wrong code, and what is no code, bring the page back with its error.
    for wrong in [owner.wrong_code(), String::new(), "abc".to_owned()] {
        let answer = browser.post(CONFIRM, &[("code", &wrong)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("id=\"error-code\""));
        assert!(answer.body.contains(&groups(&secret)));
    }
    let done = browser.post(CONFIRM, &[("code", &owner.code(0))]).await;
    assert_eq!(done.status, 200);
    assert_eq!(done.header("Cache-Control"), Some("no-store"));
    let codes = codes(&done);
    assert_eq!(codes.len(), 10);
    assert!(owner.has());
    // From here on neither is shown again.
    for path in [PATH, "/account", RENEW, REMOVE] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains(&groups(&secret)) && !page.body.contains("otpauth"));
        assert!(codes.iter().all(|code| !page.body.contains(code)));
    }
    let overview = browser.get("/account").await;
    assert!(overview.body.contains("10 recovery codes are left"));
    // The form sent once more, as a reload does: nothing changes.
    let again = browser.post(CONFIRM, &[("code", &owner.code(1))]).await;
    assert_eq!(again.status, 303);
    assert_eq!(owner.codes_left(), 10);
}

#[rocket::async_test]
async fn the_next_sign_in_asks_for_it_and_a_recovery_code_stands_in() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let codes = add(&owner, &Browser::of(&stage, "ann").await).await;
    let browser = Browser::new(&stage);
    let half = browser.sign_in("ann", PASSWORD).await;
    assert_eq!(half.header("Location"), Some("/login/second-factor"));
    // The password alone opens nothing.
    for path in ["/account", PATH, RENEW] {
        assert_eq!(browser.get(path).await.status, 303, "{path}");
    }
    let path = "/login/second-factor";
    let used = browser.confirm(path, &[("code", &owner.code(0))]).await;
    assert_eq!(used.status, 422);
    let done = browser.confirm(path, &[("code", &codes[7])]).await;
    assert_eq!(done.header("Location"), Some("/account"), "{}", done.body);
    let overview = browser.get("/account").await;
    assert!(overview.body.contains("9 recovery codes are left"));
}

#[rocket::async_test]
async fn with_a_stale_proof_the_password_is_asked_for_and_gives_a_new_cookie() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    stage.clock.advance(STALE);
    let page = browser.get(PATH).await;
    assert!(page.body.contains("name=\"current_password\""));
    for (typed, told) in [
        ("", "Fill in your password."),
        ("wrong horse 9", "That is not your password."),
    ] {
        let answer = browser.post(PATH, &[("current_password", typed)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(told), "{}", answer.body);
        assert!(owner.factor().is_none());
    }
    assert_eq!(stage.audit().pop().expect("rows").action, "proof.refused");
    let before = browser.cookie("hub_session");
    let answer = browser.post(PATH, &[("current_password", PASSWORD)]).await;
    assert_eq!(answer.header("Location"), Some(PATH));
    assert_ne!(browser.cookie("hub_session"), before);
    let page = browser.get(PATH).await;
    let secret = groups(&owner.secret().reveal());
    assert!(page.body.contains(&secret));
}

#[rocket::async_test]
async fn a_secret_is_not_shown_to_who_has_only_a_cookie() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    browser.get(PATH).await;
    browser.post(PATH, &[]).await;
    let secret = groups(&owner.secret().reveal());
    stage.clock.advance(STALE);
    let page = browser.get(PATH).await;
    assert!(!page.body.contains(&secret) && !page.body.contains("otpauth"));
    // Nor for a wrong code; the right one counts, for it shows that its secret was seen.
    let answer = browser
        .post(CONFIRM, &[("code", &owner.wrong_code())])
        .await;
    assert_eq!(answer.status, 303);
    assert!(!browser.get(PATH).await.body.contains(&secret));
    let answer = browser.post(CONFIRM, &[("code", &owner.code(0))]).await;
    assert_eq!(codes(&answer).len(), 10);
}

#[rocket::async_test]
async fn removing_and_renewing_ask_for_the_password_and_name_what_goes() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let old = add(&owner, &browser).await;
    stage.clock.advance(STALE);
    for path in [RENEW, REMOVE] {
        let page = browser.get(path).await;
        assert!(page.body.contains("10 "), "{path}");
        for typed in ["", "wrong horse 9"] {
            let answer = browser.post(path, &[("current_password", typed)]).await;
            assert_eq!(answer.status, 422, "{path}");
            assert!(codes(&answer).is_empty());
        }
    }
    assert!(owner.has());
    let proof = [("current_password", PASSWORD)];
    let new = codes(&browser.confirm(RENEW, &proof).await);
    assert_eq!(new.len(), 10);
    assert!(old.iter().all(|code| !new.contains(code)));
    let answer = browser.confirm(REMOVE, &proof).await;
    assert_eq!(answer.header("Location"), Some("/account"));
    assert!(!owner.has());
    let page = browser.get("/account").await;
    assert!(page.body.contains("Your second factor is removed."));
    // And what is not there cannot be removed or renewed.
    for path in [RENEW, REMOVE] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("Location"), Some(PATH), "{path}");
        browser.get(PATH).await;
        let answer = browser.post(path, &proof).await;
        assert_eq!(answer.status, 303, "{path}");
    }
}

#[rocket::async_test]
async fn one_that_counts_is_not_replaced() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "ann").await;
    let browser = Browser::of(&stage, "ann").await;
    add(&owner, &browser).await;
    let secret = owner.secret().reveal();
    browser.get(PATH).await;
    let answer = browser.post(PATH, &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(owner.secret().reveal(), secret);
    assert!(browser.get(PATH).await.body.contains("Remove it first"));
}

#[rocket::async_test]
async fn administrators_who_need_one_are_told_what_removing_it_means() {
    let stage = Stage::with(&[("admin_second_factor", "required")]).await;
    let owner = Owner::register(&stage, "ann").await;
    let bob = Owner::register(&stage, "bob").await;
    stage.sql("UPDATE users SET role = 'ADMIN' WHERE id = 1");
    let sentence = "stay closed to you";
    let browser = Browser::of(&stage, "ann").await;
    // Without one their pages lead here.
    let answer = browser.get("/admin/sudo").await;
    assert_eq!(answer.header("Location"), Some(PATH));
    add(&owner, &browser).await;
    assert_eq!(browser.get("/admin/sudo").await.status, 200);
    assert!(browser.get(REMOVE).await.body.contains(sentence));
    stage.clock.advance(30 * SECOND);
    let other = Browser::of(&stage, "bob").await;
    add(&bob, &other).await;
    assert!(!other.get(REMOVE).await.body.contains(sentence));
    let roles = [Role::Admin, Role::User].map(Role::as_str);
    assert_eq!(stage.text("SELECT role FROM users WHERE id = 1"), roles[0]);
}
