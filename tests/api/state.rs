//! All that the database holds, as text: for tests of what must change nothing.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::stage::Stage;

/// Each table's rows, every column of them.
pub type State = BTreeMap<String, Vec<String>>;

/// What the database holds now.
pub fn state(stage: &Stage) -> State {
    let connection = stage.stranger();
    let names = tables(&connection);
    names
        .into_iter()
        .map(|table| {
            let rows = rows(&connection, &table);
            (table, rows)
        })
        .collect()
}

/// What the database holds now, but for the audit: for refusals that are told there and change nothing else.
pub fn state_without_audit(stage: &Stage) -> State {
    let mut tables = state(stage);
    tables.retain(|table, _| !table.starts_with("audit"));
    tables
}

fn tables(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut statement = connection.prepare(sql).expect("prepared");
    let names = statement.query_map([], |row| row.get(0)).expect("read");
    names.collect::<Result<_, _>>().expect("names")
}

fn rows(connection: &Connection, table: &str) -> Vec<String> {
    let sql = format!("SELECT * FROM \"{table}\" ORDER BY 1");
    let mut statement = connection.prepare(&sql).expect("prepared");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?)));
        Ok(values
            .collect::<Result<Vec<_>, rusqlite::Error>>()?
            .join("|"))
    });
    rows.expect("read").collect::<Result<_, _>>().expect("rows")
}
