//! A log line as JSON: the time, the level, and the event's own fields, in their order.
//!
//! The library's own form keeps the same shape, and took a quarter of the time of a whole `validate`.

use std::fmt::{self, Debug, Display, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events. (The Hub has no spans.)
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'fields> FormatFields<'fields> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        line.write_str("\",\"level\":\"")?;
        line.write_str(event.metadata().level().as_str())?;
        line.write_char('"')?;
        let mut fields = Fields {
            line,
            written: Ok(()),
        };
        event.record(&mut fields);
        fields.written?;
        fields.line.write_str("}\n")
    }
}

/// Writes each field behind those before it.
struct Fields<'line> {
    line: Writer<'line>,
    /// What the first that failed said; nothing is written after it.
    written: fmt::Result,
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.written.is_ok() {
            self.written = name(&mut self.line, field.name()).and_then(|()| value(&mut self.line));
        }
    }
}

fn name(line: &mut Writer<'_>, name: &str) -> fmt::Result {
    line.write_str(",\"")?;
    line.write_str(name)?;
    line.write_str("\":")
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, |line| text(line, format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |line| text(line, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, |line| text(line, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity, and nothing that is no number.
        self.put(field, |line| {
            if value.is_finite() {
                write!(line, "{value}")
            } else {
                line.write_str("null")
            }
        });
    }
}

/// A string of JSON.
fn text(line: &mut Writer<'_>, value: impl Display) -> fmt::Result {
    line.write_char('"')?;
    write!(Escaped(line), "{value}")?;
    line.write_char('"')
}

/// Escapes what a string of JSON may not hold: quotes, backslashes and control characters (RFC 8259, section 7).
struct Escaped<'into, 'line>(&'into mut Writer<'line>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let must_escape = |character: char| character < ' ' || matches!(character, '"' | '\\');
        let mut rest = text;
        while let Some(at) = rest.find(must_escape) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = from.chars();
            match characters.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some('\n') => self.0.write_str("\\n")?,
                Some('\r') => self.0.write_str("\\r")?,
                Some('\t') => self.0.write_str("\\t")?,
                Some(other) => write!(self.0, "\\u{:04x}", u32::from(other))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::{Value, json};
    use tracing_subscriber::fmt;

    use super::JsonLines;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of one event.
    fn written(log: impl FnOnce()) -> Value {
        let kept = Kept::default();
        let sink = kept.clone();
        let subscriber = fmt::Subscriber::builder()
            .event_format(JsonLines)
            .with_writer(move || sink.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = kept.0.lock().unwrap().clone();
        let line = String::from_utf8(bytes).unwrap();
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    #[test]
    fn a_line_has_the_time_the_level_and_every_field_as_what_it_is() {
        let error = io::Error::other("the \"disk\"\nis full");
        let mut line = written(|| {
            tracing::warn!(
                status = 200_u16,
                below = -1_i64,
                is_late = true,
                share = 0.5,
                nothing = f64::NAN,
                route = "/a\\b",
                shown = %"1\t2",
                asked = ?Some("x"),
                absent = None::<u8>,
                error = &error as &(dyn std::error::Error + 'static),
                "said {}",
                "once"
            );
        });
        let at = line["timestamp"].take();
        let at = at.as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");
        assert_eq!(
            line,
            json!({
                "timestamp": null, "level": "WARN", "message": "said once", "status": 200, "below": -1, "is_late": true, "share": 0.5,
                "nothing": null, "route": "/a\\b", "shown": "1\t2", "asked": "Some(\"x\")", "error": "the \"disk\"\nis full",
            })
        );
    }

    proptest! {
        #[test]
        fn whatever_a_text_holds_it_is_read_back_as_it_was(typed in any::<String>(), shown in any::<String>()) {
            let line = written(|| tracing::info!(typed = typed.as_str(), shown = %shown));
            prop_assert_eq!(&line["typed"], &json!(typed));
            prop_assert_eq!(&line["shown"], &json!(shown));
        }
    }
}
