//! Embedded files and pages.

use hub::http::assets;
use rocket::http::Method;

use crate::stage::Stage;

/// Paths that must lead nowhere; the tests of the release binary ask them, too.
const ESCAPES: &str = include_str!("escapes.txt");

#[rocket::async_test]
async fn a_file_is_kept_for_good_under_a_name_made_of_its_content() {
    let stage = Stage::new().await;
    let mut seen = 0;
    for (name, url) in assets::urls() {
        let answer = stage.get(&url).await;
        assert_eq!(answer.status, 200, "{name}");
        let kept = answer.header("Cache-Control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"));
        let tag = answer.header("ETag").expect("a tag").to_owned();
        assert!(url.contains(tag.trim_matches('"')));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        let call = stage
            .request(Method::Get, &url)
            .header("If-None-Match", &tag);
        let again = call.send().await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
        assert_eq!(again.header("ETag"), Some(&*tag));
        assert_eq!(again.header("Cache-Control"), kept);
        let other = stage
            .request(Method::Get, &url)
            .header("If-None-Match", "\"0\"");
        assert_eq!(other.send().await.status, 200);
        seen += 1;
    }
    assert!(seen >= 2);
    let style = assets::url("style.css").expect("a style sheet");
    let answer = stage.get(&style).await;
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/css; charset=utf-8")
    );
}

#[rocket::async_test]
async fn the_client_for_apps_has_a_name_of_its_own_and_is_kept_for_ten_minutes() {
    let stage = Stage::new().await;
    for (name, kind) in [
        ("hub-client.js", "text/javascript"),
        ("hub-client.d.ts", "text/plain; charset=utf-8"),
    ] {
        let answer = stage.get(&format!("/static/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("Content-Type"), Some(kind));
        let kept = Some("public, max-age=600, stale-while-revalidate=86400");
        assert_eq!(answer.header("Cache-Control"), kept);
        let tag = answer.header("ETag").expect("a tag").to_owned();
        let by_content = stage.get(&assets::url(name).expect("a file")).await;
        assert_eq!(by_content.body, answer.body);
        assert_eq!(by_content.header("ETag"), Some(&*tag));
        let call = stage.request(Method::Get, &format!("/static/{name}"));
        let again = call.header("If-None-Match", &tag).send().await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
        assert_eq!(again.header("Cache-Control"), kept);
    }
    for other in ["style.css", "hub.js", "Hub-client.js", "hub-client"] {
        let answer = stage.get(&format!("/static/{other}")).await;
        answer.is_error(404, "Not found", "not_found");
    }
}

#[rocket::async_test]
async fn no_path_leads_out_of_what_is_embedded() {
    let stage = Stage::new().await;
    let style = assets::url("style.css").expect("a style sheet");
    let name = style.strip_prefix("/static/").expect("its folder");
    let mut paths = vec![
        format!("/static/..%2fstatic%2f{name}"),
        format!("/static/%2e%2e/static/{name}"),
        format!("/static/%252e%252e%252f{name}"),
        format!("/static/./x/{name}"),
        format!("/static/{name}%00"),
        format!("/static/{name}%00.css"),
        format!("/static/{name}.css"),
        format!("/static/{name}%20"),
        format!("/static/{}", name.to_uppercase()),
        "/static/style.000000000000.css".to_owned(),
        "/static/style..css".to_owned(),
        "/static/style.css".to_owned(),
        "/static/".to_owned(),
        "/static".to_owned(),
    ];
    let escapes = ESCAPES.lines().filter(|line| !line.is_empty());
    paths.extend(escapes.map(|path| format!("/static/{path}")));
    for path in paths {
        let answer = stage.get(&path).await;
        answer.is_error(404, "Not found", "not_found");
    }
}

#[rocket::async_test]
async fn the_front_page_names_its_files_by_content_and_runs_nothing_inline() {
    let stage = Stage::with(&[("public_url", "https://hub.example.com")]).await;
    let page = stage.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    let style = assets::url("style.css").expect("a style sheet");
    // In HTML every value's slashes are written as references.
    assert!(page.body.replace("&#x2F;", "/").contains(&style));
    assert!(page.body.contains("hub.example.com"));
    for script in page.body.split("<script").skip(1) {
        let tag = script.split("</script>").next().expect("an end");
        assert!(
            tag.starts_with(" type=\"module\" src=\"") && tag.ends_with("\">"),
            "{tag}"
        );
    }
    for inline in ["<style", "style=", "onclick", "onload", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
}

#[rocket::async_test]
async fn what_was_typed_is_never_in_an_error_page() {
    let stage = Stage::new().await;
    for typed in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/x?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/{{7*7}}",
        "/%7B%7B7*7%7D%7D",
    ] {
        let call = stage
            .request(Method::Get, typed)
            .header("Accept", "text/html");
        let page = call
            .header("User-Agent", "<script>alert(1)</script>")
            .send()
            .await;
        for payload in ["alert", "<script>", "7*7", ">49<"] {
            assert!(!page.body.contains(payload), "{payload} in {}", page.body);
        }
    }
}
