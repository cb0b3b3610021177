//! A dry run: what would become of each user, were those before them in the file already there.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::features::admin::users::import_users::{Fate, fate};
use crate::features::users::model::{ImportedUser, NewUser};
use crate::features::users::store::Taken;
use crate::store::{Db, StoreError};

/// Stands for a name or an address: a dry run remembers every user of the file, at less than 100 bytes each.
type Mark = [u8; 16];

/// Whom a dry run would have added.
#[derive(Default)]
pub struct Rehearsal {
    /// Each name with its address.
    names: BTreeMap<Mark, Mark>,
    addresses: BTreeSet<Mark>,
}

impl Rehearsal {
    /// What would become of these.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn fates(&mut self, db: &Db<'_>, users: &[ImportedUser]) -> Result<Vec<Fate>, StoreError> {
        let fates = users
            .iter()
            .map(|imported| match fate(db, &imported.user)? {
                Fate::Added => Ok(self.add(&imported.user)),
                known => Ok(known),
            });
        fates.collect()
    }

    fn add(&mut self, user: &NewUser) -> Fate {
        let (name, address) = (mark(&user.username.key()), mark(&user.email.key()));
        match self.names.get(&name) {
            Some(present) if *present == address => Fate::Present,
            Some(_) => Fate::Refused(Taken::Username),
            None if self.addresses.contains(&address) => Fate::Refused(Taken::Email),
            None => {
                self.names.insert(name, address);
                self.addresses.insert(address);
                Fate::Added
            }
        }
    }
}

fn mark(key: &str) -> Mark {
    let mut mark = Mark::default();
    for (to, from) in mark.iter_mut().zip(Sha256::digest(key)) {
        *to = from;
    }
    mark
}
