//! The layers, weakest first, and their merge by figment, which remembers who gave each value.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

use super::error::Problem;
use super::settings::{SETTINGS, Setting};
use super::sources::Sources;
use super::{config_file, data_dir, environment, flags, network, tls, web_address};

/// One text for one setting, and who gave it.
pub(super) struct Given {
    pub(super) setting: &'static Setting,
    pub(super) text: String,
    pub(super) from: Giver,
}

/// Who gave a text.
pub(super) enum Giver {
    /// Nobody: the table of settings.
    Default,
    /// A `hub.toml`.
    File(PathBuf),
    /// A variable or a flag, by its full name.
    Named(String),
}

/// Everything that was given, before it is merged.
pub(super) struct Layers {
    defaults: Vec<Given>,
    file: Vec<Given>,
    environment: Vec<Given>,
    flags: Vec<Given>,
}

impl Layers {
    /// Reads all layers; what cannot be used becomes a problem and is left out.
    pub(super) fn gather(sources: &Sources, problems: &mut Vec<Problem>) -> Self {
        let environment = environment::read(sources, problems);
        let flags = flags::read(sources, problems);
        let discovered = data_dir::discover(sources);
        // The file may lie in the data directory, so the stronger layers say first where that is.
        let data_dir = last_text(&flags, &data_dir::DATA_DIR)
            .or_else(|| last_text(&environment, &data_dir::DATA_DIR))
            .unwrap_or(&discovered);
        let file = config_file::read(sources, Path::new(data_dir), problems);
        Self {
            defaults: defaults(discovered),
            file,
            environment,
            flags,
        }
    }

    /// One configuration out of all layers; what was given for `refused` keys is passed over.
    pub(super) fn merge(&self, refused: &[&str]) -> Figment {
        let given = || {
            [&self.file, &self.environment, &self.flags]
                .into_iter()
                .flatten()
                .filter(|given| !refused.contains(&given.setting.key))
        };
        let last = |setting: &Setting| given().rfind(|given| given.setting.key == setting.key);
        let bind = last(&network::BIND).map_or(network::BIND.default, |given| &given.text);
        let https = last(&tls::CERT).is_some_and(|given| !given.text.is_empty());
        let public_url = web_address::listening_on_text(bind, https).map(|text| Given {
            setting: &web_address::PUBLIC_URL,
            text,
            from: Giver::Default,
        });
        self.defaults
            .iter()
            .chain(public_url.as_ref())
            .chain(given())
            .fold(Figment::new(), Figment::merge)
    }
}

/// The setting that a merged configuration fails on, and the problem in words.
pub(super) fn explain(error: &Error) -> (Option<&'static Setting>, Problem) {
    let setting = Setting::of_key(&error.path.join("."));
    let fault = match (&error.kind, setting) {
        // Our own parsers' words, which never repeat a secret; figment's might.
        (Kind::Message(fault), Some(_)) => fault.clone(),
        (_, Some(setting)) => format!("cannot be read as {}; correct the value", setting.key),
        (_, None) => "the table of settings and its types disagree; report this".to_owned(),
    };
    let key = setting.map_or("", |setting| setting.key);
    let place = match &error.metadata {
        Some(metadata) if metadata.source.is_some() => format!("{key} in {}", metadata.name),
        Some(metadata) => metadata.name.to_string(),
        None => key.to_owned(),
    };
    (setting, Problem::new(place, fault))
}

impl Provider for &Given {
    fn metadata(&self) -> Metadata {
        match &self.from {
            Giver::Default => Metadata::named("default"),
            Giver::File(path) => Metadata::from(path.display().to_string(), path.as_path()),
            Giver::Named(name) => Metadata::named(name.clone()),
        }
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut value = Value::from(self.text.as_str());
        let mut names = self.setting.key.rsplit('.');
        let last = names.next().unwrap_or_default();
        let mut dict = Dict::from([(last.to_owned(), value)]);
        for table in names {
            value = Value::from(dict);
            dict = Dict::from([(table.to_owned(), value)]);
        }
        Ok(Profile::Default.collect(dict))
    }
}

fn defaults(data_dir: String) -> Vec<Given> {
    let mut data_dir = Some(data_dir);
    SETTINGS
        .iter()
        .filter(|setting| !setting.secret)
        .map(|setting| {
            let discovered = (setting.key == data_dir::DATA_DIR.key)
                .then(|| data_dir.take())
                .flatten();
            Given {
                setting,
                text: discovered.unwrap_or_else(|| setting.default.to_owned()),
                from: Giver::Default,
            }
        })
        .collect()
}

fn last_text<'given>(layer: &'given [Given], setting: &Setting) -> Option<&'given String> {
    layer
        .iter()
        .rev()
        .find(|given| given.setting.key == setting.key)
        .map(|given| &given.text)
}
