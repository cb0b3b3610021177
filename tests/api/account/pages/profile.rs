//! `POST /account/profile`.

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::Stage;

const GOOD: [(&str, &str); 4] = [
    ("email", "ann@example.com"),
    ("bio", "Hello,\r\nworld"),
    ("website_url", "https://ann.example"),
    ("profile_photo_url", "https://ann.example/a.png"),
];

async fn save(browser: &Browser<'_>, changes: &[(&str, &str)]) -> Answer {
    browser.get("/account").await;
    let fields: Vec<(&str, &str)> = GOOD
        .iter()
        .map(|(name, value)| {
            let other = changes.iter().find(|(other, _)| other == name);
            (*name, other.map_or(*value, |(_, value)| *value))
        })
        .collect();
    browser.post("/account/profile", &fields).await
}

#[rocket::async_test]
async fn a_profile_is_saved_shown_and_emptied() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let answer = save(&browser, &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("Location"), Some("/account"));
    let page = browser.get("/account").await.body;
    assert!(page.contains("Your profile is saved."));
    assert!(page.contains("Hello,\nworld") && page.contains("https:&#x2F;&#x2F;ann.example"));
    let row = stage.audit().pop().expect("rows");
    assert_eq!(row.action, "user.update");
    let detail = row.detail.as_deref();
    assert_eq!(detail, Some("fields=bio,website_url,profile_photo_url"));
    // Said once.
    assert!(!browser.get("/account").await.body.contains("is saved"));
    let empty = [("bio", ""), ("website_url", ""), ("profile_photo_url", "")];
    save(&browser, &empty).await;
    let left = "SELECT count(*) FROM users WHERE bio IS NULL AND website_url IS NULL AND profile_photo_url IS NULL";
    assert_eq!(stage.number(left), 1);
}

#[rocket::async_test]
async fn what_is_not_different_is_not_written() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    save(&browser, &[]).await;
    let before = stage.audit().len();
    assert_eq!(save(&browser, &[]).await.status, 303);
    assert_eq!(stage.audit().len(), before);
    let page = browser.get("/account").await.body;
    assert!(page.contains("Nothing was different"));
}

#[rocket::async_test]
async fn all_that_is_wrong_is_told_at_once_and_nothing_typed_is_lost() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let long = "x".repeat(501);
    let answer = save(
        &browser,
        &[
            ("email", "nonsense"),
            ("bio", &long),
            ("website_url", "javascript:alert(1)"),
            ("profile_photo_url", "https://ann.example/kept.png"),
        ],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("3 things need your attention"));
    for field in ["email", "bio", "website_url"] {
        let (on_top, at_field) = (format!("#field-{field}"), format!("error-{field}"));
        assert!(answer.body.contains(&on_top), "{field}");
        assert!(answer.body.contains(&at_field), "{field}");
    }
    for typed in ["nonsense", &long, "javascript:alert(1)", "kept.png"] {
        assert!(answer.body.contains(typed), "{typed}");
    }
    assert_eq!(stage.number("SELECT count(bio) FROM users"), 0);
}

#[rocket::async_test]
async fn a_line_break_counts_as_one_character() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let lines = "\r\n".repeat(250) + &"x".repeat(250);
    assert_eq!(save(&browser, &[("bio", &lines)]).await.status, 303);
}

#[rocket::async_test]
async fn somebody_elses_address_stays_theirs() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    stage.register("bob").await;
    let browser = Browser::of(&stage, "ann").await;
    let answer = save(&browser, &[("email", "BOB@example.com")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Email already registered"));
    let with_address = "SELECT id FROM users WHERE email_key = 'bob@example.com'";
    assert_eq!(stage.number(with_address), 2);
}

#[rocket::async_test]
async fn markup_in_a_profile_is_text() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    save(
        &browser,
        &[("bio", "</textarea><img src=x onerror=alert(1)>")],
    )
    .await;
    let page = browser.get("/account").await.body;
    assert!(!page.contains("<img src=x"));
    assert!(page.contains("&lt;&#x2F;textarea&gt;&lt;img src=x"));
}

#[rocket::async_test]
async fn fields_that_are_not_ones_own_to_change_are_not_read() {
    let stage = Stage::new().await;
    stage.register("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    browser.get("/account").await;
    let mut fields = GOOD.to_vec();
    fields.extend([
        ("role", "SUPERADMIN"),
        ("premium_tier", "GOLD"),
        ("id", "7"),
        ("username", "root"),
        ("email_verified", "1"),
    ]);
    let answer = browser.post("/account/profile", &fields).await;
    assert_eq!(answer.status, 303);
    let same = "SELECT count(*) FROM users WHERE id = 1 AND username = 'ann' AND role = 'USER' AND premium_tier = 'FREE' AND email_verified = 0";
    assert_eq!(stage.number(same), 1);
}
