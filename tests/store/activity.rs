//! Refreshes that are counted in the process: what is written, when, and that nothing is written twice.

use std::time::Duration;

use hub::store::StoreError;
use hub::store::activity::{self, Activity};
use hub::types::time::{Hour, Timestamp};

use crate::Stage;

const BEGINNING: Timestamp = Timestamp::from_seconds(1_757_172_645);
const HOUR: Duration = Duration::from_hours(1);

fn written(stage: &Stage) -> Vec<(i64, i64)> {
    let read = stage
        .store
        .read::<_, StoreError>(|db| activity::refreshes(db, Hour::of(BEGINNING)));
    let rows = read.expect("readable");
    let first = Hour::of(BEGINNING).number();
    rows.into_iter()
        .map(|(hour, count)| (hour.number() - first, count))
        .collect()
}

fn since(stage: &Stage) -> Option<Timestamp> {
    let read = stage.store.read::<_, StoreError>(activity::since);
    read.expect("readable")
}

fn count(activity: &Activity, times: u32) {
    for _ in 0..times {
        activity.refreshed();
    }
}

#[tokio::test]
async fn the_count_goes_to_its_hour_once() {
    let stage = Stage::new();
    let activity = Activity::begin(BEGINNING);
    let write = async |now| activity.write(&stage.store, now).await.expect("written");
    write(BEGINNING).await;
    assert_eq!((written(&stage), since(&stage)), (vec![], None));
    count(&activity, 3);
    assert_eq!(activity.unwritten(), 3);
    write(BEGINNING).await;
    write(BEGINNING).await;
    assert_eq!(activity.unwritten(), 0);
    count(&activity, 2);
    write(BEGINNING).await;
    count(&activity, 1);
    write(BEGINNING.plus(HOUR)).await;
    assert_eq!(written(&stage), [(0, 5), (1, 1)]);
    assert_eq!(since(&stage), Some(BEGINNING));
}

#[tokio::test]
async fn what_could_not_be_written_is_written_next_time() {
    let (stage, closed) = (Stage::new(), Stage::new());
    closed.store.close();
    let activity = Activity::begin(BEGINNING);
    count(&activity, 4);
    let later = BEGINNING.plus(HOUR);
    assert!(activity.write(&closed.store, later).await.is_err());
    assert_eq!(activity.unwritten(), 4);
    count(&activity, 1);
    activity.write(&stage.store, later).await.expect("written");
    assert_eq!(written(&stage), [(1, 5)]);
    assert_eq!(since(&stage), Some(BEGINNING));
}

#[test]
fn a_minute_is_what_was_counted_between_two_marks() {
    let activity = Activity::begin(BEGINNING);
    count(&activity, 5);
    assert_eq!(activity.last_minute(), None);
    activity.mark_minute();
    assert_eq!(activity.last_minute(), Some(5));
    count(&activity, 2);
    assert_eq!(activity.last_minute(), Some(5));
    activity.mark_minute();
    activity.mark_minute();
    assert_eq!(activity.last_minute(), Some(0));
}
