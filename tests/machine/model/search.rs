//! Breadth first through every state that a scenario can reach, each state once, with the shortest story of whatever goes wrong.

use std::collections::HashMap;
use std::fmt::Write;

use super::rules::Rules;
use super::world::{Action, Scenario, World};

/// What a search without a violation went through.
#[derive(Debug)]
pub struct Found {
    pub states: usize,
    pub steps: usize,
}

/// Searches all of a scenario.
///
/// # Errors
/// The shortest story that breaks a promise.
pub fn search(scenario: &Scenario, rules: &Rules, max_states: usize) -> Result<Found, String> {
    let first = World::new(scenario);
    let mut seen: HashMap<World, u32> = HashMap::new();
    // Every state with the step that first led to it; the queue is its unread end.
    let mut states: Vec<(World, u32, Action)> = vec![(first.clone(), 0, Action::Tick)];
    seen.insert(first, 0);
    let mut steps = 0;
    let mut next = 0;
    while next < states.len() {
        let world = states[next].0.clone();
        let here = u32::try_from(next).expect("bounded by max_states");
        let tell = |problem: &str, last: Option<Action>| story(rules, problem, &states, next, last);
        world.check(rules).map_err(|problem| tell(&problem, None))?;
        let mut reached = Vec::new();
        for action in world.actions(scenario) {
            steps += 1;
            let after = world
                .after(action, scenario, rules)
                .map_err(|problem| tell(&problem, Some(action)))?;
            reached.extend(after.map(|after| (after, action)));
        }
        for (after, action) in reached {
            if seen.contains_key(&after) {
                continue;
            }
            seen.insert(after.clone(), here);
            states.push((after, here, action));
        }
        assert!(states.len() <= max_states, "more states than {max_states}");
        next += 1;
    }
    Ok(Found {
        states: states.len(),
        steps,
    })
}

fn story(
    rules: &Rules,
    problem: &str,
    states: &[(World, u32, Action)],
    at: usize,
    last: Option<Action>,
) -> String {
    let mut actions: Vec<Action> = last.into_iter().collect();
    let mut here = at;
    while here != 0 {
        let (_, before, action) = &states[here];
        actions.push(*action);
        here = *before as usize;
    }
    actions.reverse();
    let mut text = format!("{}: {problem}, after:", rules.name);
    for action in actions {
        let _infallible = write!(text, " {action:?}");
    }
    let _infallible = write!(text, "\nfrom {:?}", states[at].0);
    text
}
