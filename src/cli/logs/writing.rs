//! Log lines are written beside the requests that they tell of: what comes within a few milliseconds is one write.
//!
//! A warning or an error is on its way before its request goes on, with all that came before it. A process that is killed loses the other lines of its last
//! [`GATHER`]; whoever must not lose what was done has the audit, which is in the database.

use std::io::{self, Stderr, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others. Nobody who watches a log notices; at ten thousand requests a second fifty share a write.
const GATHER: Duration = Duration::from_millis(5);
/// With so many bytes they wait no longer.
const MANY_BYTES: usize = 64 * 1024;
/// With so many, whoever adds one writes them himself: a log that takes lines slower than they come holds the requests back, not the memory.
const MOST_BYTES: usize = 1024 * 1024;

/// The way to the log.
pub(super) struct Pen<W>(Arc<Shared<W>>);

struct Shared<W> {
    waiting: Mutex<Waiting>,
    /// The first line waits, there are many, or it is over.
    changed: Condvar,
    /// Held while lines are written, so that they stay in their order.
    out: Mutex<Out<W>>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// From here on each line is written at once.
    is_over: bool,
}

struct Out<W> {
    log: W,
    /// What is being written; kept for its memory.
    lines: Vec<u8>,
}

impl<W: Write + Send + 'static> Pen<W> {
    /// Begins to write to `log`.
    ///
    /// # Errors
    /// When there can be no thread for it.
    pub(super) fn begin(log: W) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            out: Mutex::new(Out {
                log,
                lines: Vec::new(),
            }),
        });
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("hub-log".to_owned())
            .spawn(move || of_thread.write_until_over())?;
        Ok(Self(shared))
    }

    /// Writes what waits; from here on nothing does.
    pub(super) fn end(&self) {
        locked(&self.0.waiting).is_over = true;
        self.0.changed.notify_one();
        self.0.write_out();
    }
}

impl<W> Clone for Pen<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Shared<W> {
    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = locked(&self.waiting);
        let before = waiting.lines.len();
        waiting.lines.extend_from_slice(line);
        let after = waiting.lines.len();
        let is_over = waiting.is_over;
        drop(waiting);
        if is_urgent || is_over || after >= MOST_BYTES {
            self.write_out();
        } else if before == 0 || (before < MANY_BYTES && after >= MANY_BYTES) {
            self.changed.notify_one();
        }
    }

    /// Writes all that waits.
    fn write_out(&self) {
        let mut out = locked(&self.out);
        let Out { log, lines } = &mut *out;
        mem::swap(lines, &mut locked(&self.waiting).lines);
        // There is nowhere left to say that the log cannot be written.
        let _unwritten = log.write_all(lines);
        lines.clear();
        lines.shrink_to(MANY_BYTES);
    }

    fn write_until_over(&self) {
        let mut waiting = locked(&self.waiting);
        while !waiting.is_over {
            if waiting.lines.is_empty() {
                let woken = self.changed.wait(waiting);
                waiting = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let is_early =
                |waiting: &mut Waiting| waiting.lines.len() < MANY_BYTES && !waiting.is_over;
            let gathered = self.changed.wait_timeout_while(waiting, GATHER, is_early);
            drop(gathered);
            self.write_out();
            waiting = locked(&self.waiting);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'pen> MakeWriter<'pen> for Pen<Stderr> {
    type Writer = Line<'pen, Stderr>;

    fn make_writer(&'pen self) -> Self::Writer {
        self.line(true)
    }

    fn make_writer_for(&'pen self, metadata: &Metadata<'_>) -> Self::Writer {
        self.line(*metadata.level() <= Level::WARN)
    }
}

impl<W> Pen<W> {
    fn line(&self, is_urgent: bool) -> Line<'_, W> {
        Line {
            shared: &self.0,
            is_urgent,
        }
    }
}

/// Takes one line, whole.
pub(super) struct Line<'pen, W> {
    shared: &'pen Shared<W>,
    is_urgent: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::{MOST_BYTES, Pen};

    /// Each write as one message.
    struct Told(Sender<String>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.send(text).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pen() -> (Pen<Told>, Receiver<String>) {
        let (told, writes) = channel();
        (Pen::begin(Told(told)).unwrap(), writes)
    }

    fn say(pen: &Pen<Told>, is_urgent: bool, line: &str) {
        pen.line(is_urgent).write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn a_line_is_written_without_another_that_follows() {
        let (pen, writes) = pen();
        say(&pen, false, "one\n");
        let wrote = writes.recv_timeout(Duration::from_secs(10));
        assert_eq!(wrote.unwrap(), "one\n");
    }

    #[test]
    fn an_urgent_line_is_written_at_once_behind_all_before_it() {
        let (pen, writes) = pen();
        for round in 0..100 {
            say(&pen, false, "before\n");
            say(&pen, true, "now\n");
            let wrote: String = writes.try_iter().collect();
            assert!(wrote.ends_with("before\nnow\n"), "{round}: {wrote}");
        }
    }

    #[test]
    fn lines_stay_in_order_and_none_is_lost() {
        let (pen, writes) = pen();
        let mut said = String::new();
        for number in 0..20_000 {
            let line = format!("{number}\n");
            say(&pen, number % 997 == 0, &line);
            said.push_str(&line);
        }
        pen.end();
        assert_eq!(writes.try_iter().collect::<String>(), said);
    }

    #[test]
    fn what_waits_is_bounded() {
        let (pen, writes) = pen();
        let line = "x".repeat(MOST_BYTES);
        say(&pen, false, &line);
        let wrote: usize = writes.try_iter().map(|write| write.len()).sum();
        assert_eq!(wrote, MOST_BYTES);
    }

    #[test]
    fn after_the_end_each_line_is_written_at_once() {
        let (pen, writes) = pen();
        say(&pen, false, "waits\n");
        pen.end();
        say(&pen, false, "late\n");
        assert_eq!(writes.try_iter().collect::<String>(), "waits\nlate\n");
    }
}
