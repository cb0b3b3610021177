//! The name of a device from its `User-Agent`: a few tables and their order, no pattern language.

use std::borrow::Cow;

/// What to call the client that sent this text.
pub(super) fn name(text: &str) -> Cow<'static, str> {
    let is_browser_like = ["Mozilla/", "Opera/"]
        .iter()
        .any(|start| text.starts_with(start));
    if let Some(name) = first_of(AUTOMATA, text) {
        return name.into();
    }
    if words(text).any(is_robot) {
        return "Bot".into();
    }
    // Browsers and apps inside them mention libraries; for everything else the library is the best name there is.
    if !is_browser_like && let Some(name) = first_of(LIBRARIES, text) {
        return name.into();
    }
    match (first_of(BROWSERS, text), first_of(SYSTEMS, text)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}").into(),
        (Some(browser), None) => browser.into(),
        (None, Some(system)) if is_browser_like => format!("Browser on {system}").into(),
        (None, Some(system)) => format!("App on {system}").into(),
        (None, None) => "Unknown device".into(),
    }
}

/// The name of the earliest row of a table that has one of its words in the text.
fn first_of(table: Table, text: &str) -> Option<&'static str> {
    let row_of = |word: &str| {
        table
            .iter()
            .position(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
    };
    let row = words(text).filter_map(row_of).min()?;
    Some(table[row].0)
}

/// Product names, versions and the like: what stands between blanks, slashes, brackets and so on.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    text.split(move |character| !is_part(character))
        .filter(|word| !word.is_empty())
}

/// Whether a word names some robot that has no row. Cubot makes telephones.
fn is_robot(word: &str) -> bool {
    let ends_with = |end: &str| {
        word.len()
            .checked_sub(end.len())
            .and_then(|start| word.get(start..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    ["bot", "crawler", "spider"].into_iter().any(ends_with) && !word.eq_ignore_ascii_case("cubot")
}

/// Our name, and the words that stand for it in whatever case. Earlier rows win, because clients name those they resemble too.
type Table = &'static [(&'static str, &'static [&'static str])];

/// Robots and scripts, some of which pose as browsers.
const AUTOMATA: Table = &[
    (
        "Googlebot",
        &["Googlebot", "Googlebot-Image", "AdsBot-Google"],
    ),
    ("Bingbot", &["bingbot"]),
    ("Applebot", &["Applebot"]),
    ("Facebook preview", &["facebookexternalhit"]),
    ("Slack preview", &["Slackbot", "Slackbot-LinkExpanding"]),
    ("PowerShell", &["PowerShell", "WindowsPowerShell"]),
    ("Headless Chrome", &["HeadlessChrome"]),
];

/// Command-line clients and libraries, the more telling word first.
const LIBRARIES: Table = &[
    ("curl", &["curl", "libcurl"]),
    ("Wget", &["Wget", "Wget2"]),
    ("HTTPie", &["HTTPie"]),
    ("xh", &["xh"]),
    ("Postman", &["PostmanRuntime", "Postman"]),
    ("Insomnia", &["insomnia"]),
    ("Bruno", &["bruno-runtime"]),
    ("k6", &["k6"]),
    ("ApacheBench", &["ApacheBench"]),
    ("python-requests", &["python-requests"]),
    ("aiohttp", &["aiohttp"]),
    ("httpx", &["python-httpx"]),
    ("Python", &["Python-urllib", "python-urllib3", "Python"]),
    (
        "Node.js",
        &["node", "node-fetch", "undici", "axios", "got", "superagent"],
    ),
    ("Deno", &["Deno"]),
    ("Bun", &["Bun"]),
    ("okhttp", &["okhttp"]),
    ("Android app", &["Dalvik"]),
    ("Apple app", &["CFNetwork"]),
    ("Dart", &["Dart"]),
    ("Go", &["Go-http-client", "go-resty"]),
    ("reqwest", &["reqwest"]),
    ("Rust", &["ureq", "hyper", "isahc"]),
    (
        "Java",
        &["Java", "Java-http-client", "Apache-HttpClient", "Jersey"],
    ),
    ("Ruby", &["Ruby", "Faraday", "rest-client"]),
    ("PHP", &["GuzzleHttp", "PHP", "Symfony"]),
    ("Perl", &["libwww-perl"]),
    (".NET", &["RestSharp", ".NET"]),
];

/// Browsers. Nearly all say Chrome or Safari besides, and Edge and Opera say both.
const BROWSERS: Table = &[
    ("Edge", &["Edg", "EdgA", "EdgiOS", "Edge"]),
    ("Opera", &["OPR", "OPT", "OPiOS", "OPX", "Opera"]),
    ("Samsung Internet", &["SamsungBrowser"]),
    ("Vivaldi", &["Vivaldi"]),
    ("Yandex Browser", &["YaBrowser"]),
    ("UC Browser", &["UCBrowser"]),
    ("DuckDuckGo", &["DuckDuckGo", "Ddg"]),
    ("Brave", &["Brave"]),
    ("Silk", &["Silk"]),
    ("Mi Browser", &["MiuiBrowser"]),
    ("Huawei Browser", &["HuaweiBrowser"]),
    ("WeChat", &["MicroMessenger"]),
    ("Facebook app", &["FBAN", "FBAV", "FB_IAB"]),
    ("Instagram app", &["Instagram"]),
    ("Google app", &["GSA"]),
    ("Desktop app", &["Electron"]),
    ("SeaMonkey", &["SeaMonkey"]),
    ("Firefox", &["Firefox", "FxiOS"]),
    ("Chrome", &["CriOS"]),
    ("Chromium", &["Chromium"]),
    ("App", &["wv"]),
    ("Chrome", &["Chrome"]),
    ("Internet Explorer", &["MSIE", "Trident"]),
    ("Konqueror", &["Konqueror"]),
    ("Safari", &["Safari"]),
    ("Lynx", &["Lynx"]),
    ("w3m", &["w3m"]),
];

/// Systems. Windows phones say Android and iPhone, iPhones say Mac OS X, and Android says Linux.
/// An iPad that asks for desktop pages says Macintosh and cannot be told from one.
const SYSTEMS: Table = &[
    ("Xbox", &["Xbox"]),
    ("PlayStation", &["PlayStation"]),
    ("Windows", &["Windows", "Win64"]),
    ("iPad", &["iPad", "iPadOS"]),
    ("iPhone", &["iPhone", "iPod"]),
    ("Android", &["Android"]),
    ("ChromeOS", &["CrOS"]),
    ("Tizen", &["Tizen"]),
    ("webOS", &["Web0S", "webOS"]),
    ("KaiOS", &["KAIOS"]),
    ("iOS", &["iOS"]),
    ("macOS", &["Macintosh", "macOS", "Mac", "Darwin"]),
    ("Linux", &["Linux", "Ubuntu", "Fedora"]),
    ("FreeBSD", &["FreeBSD"]),
    ("OpenBSD", &["OpenBSD"]),
    ("NetBSD", &["NetBSD"]),
];

#[cfg(test)]
mod tests {
    use super::{AUTOMATA, BROWSERS, LIBRARIES, SYSTEMS};
    use crate::types::user_agent::UserAgent;

    /// What real clients send, one a line after the name we give it.
    const REAL: &str = "
Firefox on Linux | Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0
Firefox on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0
Firefox on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0
Firefox on Android | Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0
Firefox on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/126.0 Mobile/15E148 Safari/605.1.15
Firefox on FreeBSD | Mozilla/5.0 (X11; FreeBSD amd64; rv:120.0) Gecko/20100101 Firefox/120.0
Firefox on OpenBSD | Mozilla/5.0 (X11; OpenBSD amd64; rv:109.0) Gecko/20100101 Firefox/118.0
Firefox on KaiOS | Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5
SeaMonkey on Linux | Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.18
Chrome on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Chrome on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Chrome on Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Chrome on ChromeOS | Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Chrome on Android | Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36
Chrome on Android | Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Mobile Safari/537.36
Chrome on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1
Chrome on iPad | Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1
Chromium on Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36
Headless Chrome | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36
App on Android | Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36
Edge on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0
Edge on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0
Edge on Android | Mozilla/5.0 (Linux; Android 10; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.81 Mobile Safari/537.36 EdgA/131.0.2903.48
Edge on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_7_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/131.0.2903.68 Mobile/15E148 Safari/604.1
Edge on Xbox | Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edge/44.18363.8131
Edge on Windows | Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063
Opera on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/114.0.0.0
Opera on Linux | Opera/9.80 (X11; Linux x86_64; U; en) Presto/2.12.388 Version/12.16
Samsung Internet on Android | Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36
Vivaldi on Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0.3495.11
Yandex Browser on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36
DuckDuckGo on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15 Ddg/17.5
Silk on Android | Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/125.5.3 like Chrome/125.0.6422.187 Safari/537.36
Facebook app on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/480.0;FBDV/iPhone14,5]
Google app on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/320.0 Mobile/15E148 Safari/604.1
Desktop app on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.41 Chrome/128.0.0.0 Electron/32.1 Safari/537.36
Safari on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1
Safari on iPad | Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1
Safari on macOS | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15
Browser on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148
Internet Explorer on Windows | Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko
Internet Explorer on Windows | Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; .NET CLR 3.5.30729)
PowerShell | Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.4391
Googlebot | Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)
Bingbot | Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36
Bot | Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)
Bot | Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)
Facebook preview | facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)
curl | curl/8.5.0
Wget | Wget/1.21.4
HTTPie | HTTPie/3.2.2
Postman | PostmanRuntime/7.42.0
Insomnia | insomnia/8.4.5
python-requests | python-requests/2.31.0
Python | Python-urllib/3.11
aiohttp | Python/3.11 aiohttp/3.9.1
httpx | python-httpx/0.27.0
Node.js | node
Node.js | node-fetch/1.0 (+https://github.com/bitinn/node-fetch)
Node.js | axios/1.6.2
Node.js | undici
okhttp | okhttp/4.12.0
Go | Go-http-client/1.1
Dart | Dart/3.2 (dart:io)
Android app | Dalvik/2.1.0 (Linux; U; Android 13; Pixel 6 Build/TQ3A.230901.001)
Apple app | Example/12 CFNetwork/1410.0.3 Darwin/22.6.0
reqwest | reqwest/0.12.9
Java | Java/17.0.9
PHP | GuzzleHttp/7
Ruby | Faraday v2.7.11
Lynx | Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1
App on iPhone | Example/1.0 (com.example.app; build:1; iPhone; iOS 17.0.0)";

    #[test]
    fn real_clients_get_the_name_that_people_know_them_by() {
        let lines: Vec<_> = REAL
            .lines()
            .filter_map(|line| line.split_once(" | "))
            .collect();
        assert!(lines.len() >= 40);
        for (name, text) in lines {
            assert_eq!(UserAgent::parse(text).device(), name, "{text}");
        }
    }

    #[test]
    fn a_device_name_holds_nothing_that_a_client_sent() {
        let names: Vec<_> = [AUTOMATA, LIBRARIES, BROWSERS, SYSTEMS]
            .concat()
            .iter()
            .map(|(name, _)| *name)
            .chain(["Bot", "Browser", "App", "Unknown device"])
            .collect();
        for hostile in [
            "Mozilla/5.0 (<b>; Linux) <img src=x onerror=alert(1)> Firefox/\"><script>",
            "<script>Bot/1",
            "\u{202e}Chrome\u{202c}/{{7*7}} Windows",
            "Mozilla/5.0",
            "Mozilla/5.0 (\u{1b}]0;x\u{7} iPhone)",
            "-",
            "//////",
            "((((((",
            ";",
            "\\",
            "é",
            "bot",
            "x-éspider",
            "🦀bot",
            "%00",
            "' OR 1=1 --",
            "../../etc/passwd",
            "\0\u{1}\u{2}",
            "\u{2066}\u{2069}",
        ] {
            let device = UserAgent::parse(hostile).device();
            let own = device.split(" on ").all(|part| names.contains(&part));
            assert!(own, "{hostile:?} became {device:?}");
        }
    }
}
