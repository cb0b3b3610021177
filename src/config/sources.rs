//! What configuration is read from, gathered in one value so that tests can give their own.

use std::path::PathBuf;

use super::data_dir::XDG_DATA_HOME;
use super::environment::PREFIX;
use super::error::{ConfigError, Problem};

/// The data directory of an installed service; used when it exists and nobody named another.
pub const SYSTEM_DATA_DIR: &str = "/var/lib/hub";

/// All that configuration is read from. No `Debug`: the variables may hold secrets.
#[derive(Clone)]
pub struct Sources {
    /// The file named by `--config`.
    pub config_flag: Option<PathBuf>,
    /// Environment variables; those that the Hub does not read may stand among them.
    pub env: Vec<(String, String)>,
    /// Flags of the command line as keys of `hub.toml` and their text; of two for one key the later counts.
    pub flags: Vec<(String, String)>,
    /// Where an installed service keeps its data, [`SYSTEM_DATA_DIR`] outside tests.
    pub system_data_dir: PathBuf,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            config_flag: None,
            env: Vec::new(),
            flags: Vec::new(),
            system_data_dir: PathBuf::from(SYSTEM_DATA_DIR),
        }
    }
}

impl Sources {
    /// The environment of this process, without flags: the only place where configuration reads it.
    ///
    /// # Errors
    /// [`ConfigError`] when a variable of the Hub is not UTF-8 text.
    pub fn from_process() -> Result<Self, ConfigError> {
        let mut env = Vec::new();
        let mut problems = Vec::new();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if !name.starts_with(PREFIX) && name != XDG_DATA_HOME {
                continue;
            }
            match value.into_string() {
                Ok(value) => env.push((name, value)),
                Err(_) => problems.push(Problem::new(name, "is not UTF-8 text; correct the value")),
            }
        }
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }
        Ok(Self {
            env,
            ..Self::default()
        })
    }

    /// The value of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}
