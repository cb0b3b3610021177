//! Each call as one would type it: with curl, and with `fetch`. A test runs every curl line against a server.

use serde::Serialize;
use serde_json::Value;

/// A call as one would type it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Samples {
    /// For a shell that knows `$ACCESS_TOKEN`, `$REFRESH_TOKEN` and `$SESSION_ID`.
    pub curl: String,
    /// For a page or for Node.
    pub fetch: String,
}

/// Which token a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// A user's access token.
    Access,
    /// A service account's.
    Service,
}

impl Token {
    /// What it is called in a shell, and in a script.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Access => ("ACCESS_TOKEN", "accessToken"),
            Self::Service => ("SERVICE_TOKEN", "serviceToken"),
        }
    }
}

/// What is typed.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'call> {
    /// `GET` …
    pub method: &'call str,
    /// `/api/…`, with `{id}` where a session is named.
    pub path: &'call str,
    /// The token that it takes.
    pub token: Option<Token>,
    /// Whether its answer is a stream that goes on.
    pub is_stream: bool,
    /// The example's body, if there is one.
    pub body: Option<&'call Value>,
}

impl Typed<'_> {
    /// The call to the Hub at this address.
    #[must_use]
    pub fn samples(self, base: &str) -> Samples {
        Samples {
            curl: self.curl(base),
            fetch: self.fetch(base),
        }
    }

    fn curl(self, base: &str) -> String {
        let path = self.path.replace("{id}", "$SESSION_ID");
        let mut line = match self.method {
            // Without waiting for more.
            "GET" if self.is_stream => format!("curl -N {base}{path}"),
            "GET" => format!("curl {base}{path}"),
            method => format!("curl -X {method} {base}{path}"),
        };
        if let Some((name, _)) = self.token.map(Token::names) {
            line.push_str(" \\\n  -H \"Authorization: Bearer $");
            line.push_str(name);
            line.push('"');
        }
        if let Some(body) = self.body {
            line.push_str(" \\\n  -H \"Content-Type: application/json\" \\\n  -d ");
            line.push_str(&shell(body));
        }
        line
    }

    fn fetch(self, base: &str) -> String {
        let path = self.path.replace("{id}", "${sessionId}");
        let quote = if path == self.path { '"' } else { '`' };
        let mut options = Vec::new();
        if self.method != "GET" {
            options.push(format!("  method: \"{}\",\n", self.method));
        }
        let mut headers = Vec::new();
        if let Some((_, name)) = self.token.map(Token::names) {
            headers.push(format!("Authorization: `Bearer ${{{name}}}`"));
        }
        if self.body.is_some() {
            headers.push("\"Content-Type\": \"application/json\"".to_owned());
        }
        if !headers.is_empty() {
            options.push(format!("  headers: {{ {} }},\n", headers.join(", ")));
        }
        if let Some(body) = self.body {
            options.push(format!("  body: JSON.stringify({}),\n", script(body)));
        }
        let options = if options.is_empty() {
            String::new()
        } else {
            format!(", {{\n{}}}", options.concat())
        };
        let told = if self.is_stream {
            "const texts = answer.body.pipeThrough(new TextDecoderStream());\nfor await (const text of texts) console.log(text);"
        } else {
            "console.log(answer.status, await answer.json());"
        };
        format!("const answer = await fetch({quote}{base}{path}{quote}{options});\n{told}")
    }
}

/// The fields of a body, each with its value as JSON has it.
fn fields(body: &Value) -> impl Iterator<Item = (&str, String)> {
    let fields = body.as_object().into_iter().flatten();
    // Of an account's name, address and password the name comes first.
    let mut fields: Vec<_> = fields
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    fields.sort_by_key(|(name, _)| !matches!(*name, "username" | "current_password"));
    fields.into_iter()
}

fn shell(body: &Value) -> String {
    let fields = fields(body).map(|(name, value)| match name {
        "refresh_token" => "\\\"refresh_token\\\": \\\"$REFRESH_TOKEN\\\"".to_owned(),
        _ => format!("\"{name}\": {value}"),
    });
    let fields = fields.collect::<Vec<_>>().join(", ");
    // Within single quotes a shell reads no variable.
    if fields.contains('$') {
        format!("\"{{{fields}}}\"")
    } else {
        format!("'{{{fields}}}'")
    }
}

fn script(body: &Value) -> String {
    let fields = fields(body).map(|(name, value)| match name {
        "refresh_token" => "refresh_token: refreshToken".to_owned(),
        _ => format!("{name}: {value}"),
    });
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}
