//! A stage with sessions to look at: an administrator at a browser, users, and a crowd that never signed in.

use hub::types::role::Role;

use crate::answer::{Answer, session_of};
use crate::browsing::Browser;
use crate::stage::{Pair, Stage};

pub const LIST: &str = "/admin/sessions";

/// An administrator at a browser, and two users with sessions of their own.
pub async fn staged(stage: &Stage) -> (Browser<'_>, [Pair; 3]) {
    stage.register_as("root", Role::Admin).await;
    let first = stage.register("alice").await;
    let second = stage.login("alice").await;
    let third = stage.register("bob").await;
    (Browser::of(stage, "root").await, [first, second, third])
}

pub fn id_of(pair: &Pair) -> String {
    session_of(&pair.refresh)
}

pub fn rows(answer: &Answer) -> usize {
    answer.body.matches("<td class=\"tick\">").count()
}

/// Sessions of a user who is nobody else, without going through a sign-in each.
pub fn crowd(stage: &Stage, sessions: u32) {
    let now = hub::types::time::Clock::now(&*stage.clock).wall.micros();
    stage.sql(&format!(
        "INSERT INTO user_agents (id, text, device) VALUES (900, '=cmd|'' /C calc''!A0,\"x\"', 'Unknown device');
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {sessions})
         INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                               first_agent, agent, address, address_key, lineage_length)
         SELECT i * 1000003, 1, zeroblob(16), 1, 0, {now} - i, 1, 1, {now} - i, {now} + 86400000000 * 90, 900, 900,
                '198.51.100.9', X'04C6336409', 1
         FROM n"
    ));
}
