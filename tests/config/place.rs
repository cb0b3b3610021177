//! A machine of its own for each test: a directory, variables and flags, and nothing of the real one.

use std::fs;
use std::path::PathBuf;

use hub::config::{Config, Loaded, Sources};
use tempfile::TempDir;

/// An empty machine; `system` and `data` are directories that do not exist yet.
pub struct Place {
    directory: TempDir,
    pub sources: Sources,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let sources = Sources {
            system_data_dir: directory.path().join("system"),
            ..Sources::default()
        };
        Self { directory, sources }
    }

    /// The absolute path of `name` in this place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// As `path`, as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a UTF-8 path").to_owned()
    }

    /// Writes a file, and gives its path as text.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, content).expect("a file");
        self.text(name)
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.sources.env.push((name.to_owned(), value.into()));
        self
    }

    /// With a file given by `--config`.
    pub fn config(mut self, content: &str) -> Self {
        self.write("given.toml", content);
        self.sources.config_flag = Some(self.path("given.toml"));
        self
    }

    /// With a flag.
    pub fn flag(mut self, key: &str, value: &str) -> Self {
        self.sources.flags.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn load(&self) -> Loaded {
        Config::load(&self.sources).expect("a sound configuration")
    }

    /// The lines of the error.
    pub fn lines(&self) -> Vec<String> {
        let error = Config::load(&self.sources).expect_err("a refused configuration");
        let text = error.to_string();
        assert_eq!(
            text.lines().count(),
            error.problems().len(),
            "one line each: {text}"
        );
        text.lines().map(str::to_owned).collect()
    }
}

/// The value and the origin of `key`.
pub fn origin(loaded: &Loaded, key: &str) -> (String, String) {
    let origin = loaded.origin(key).expect("a known key");
    (origin.value.clone(), origin.from.clone())
}
