//! The picture of lineages as they happen: nothing overlaps, nothing leaves the picture, ties end where they should.

use super::{Picture, draw};
use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::verdict::tests::story::{AWAY, CHROME, FIREFOX, HOME, Story};

fn kinds(picture: &Picture) -> Vec<(&'static str, &str)> {
    picture
        .nodes
        .iter()
        .map(|node| (node.kind, node.text.as_str()))
        .collect()
}

fn hundred_strangers() -> Story {
    let mut story = Story::at_home(0);
    for generation in 2..=99 {
        let address = format!("198.51.{generation}.1");
        let agent = if generation % 3 == 0 { CHROME } else { FIREFOX };
        story = story.then(Kind::Rotate, generation, generation * 60, &address, agent);
    }
    story.then(Kind::Reuse, 20, 90_000, AWAY, CHROME)
}

#[test]
fn a_theft_is_two_lanes_and_a_tie_from_the_reuse_to_the_generation_it_presented() {
    let story = Story::at_home(5)
        .then(Kind::Reuse, 3, 40_000, AWAY, CHROME)
        .then(Kind::End, 6, 40_000, AWAY, CHROME);
    let picture = draw(&story.0, false);
    assert_eq!(
        kinds(&picture),
        [
            ("generation", "1"),
            ("generation", "2"),
            ("disputed", "3"),
            ("generation", "4"),
            ("generation", "5"),
            ("generation", "6"),
            ("reuse", "3"),
            ("end", "")
        ]
    );
    assert_eq!(picture.lanes.len(), 1);
    assert_eq!(picture.ties.len(), 1);
    let tie = &picture.ties[0];
    let (disputed, reuse, end) = (&picture.nodes[2], &picture.nodes[6], &picture.nodes[7]);
    assert!(reuse.y > disputed.y);
    assert_eq!(end.y, disputed.y, "the end stands on the session's line");
    assert!(tie.path.starts_with(&format!("M{} {}", reuse.x, reuse.top)));
    let arrival = format!("{} {}", disputed.x, disputed.top + disputed.height);
    assert!(tie.path.ends_with(&arrival), "{}", tie.path);
    let labels: Vec<_> = picture.labels.iter().map(|label| &*label.address).collect();
    assert_eq!(labels, [HOME, AWAY]);
}

#[test]
fn a_change_of_hands_is_a_change_of_height() {
    let story = Story::at_home(1)
        .then(Kind::Rotate, 3, 9_000, AWAY, CHROME)
        .then(Kind::Rotate, 4, 12_600, HOME, FIREFOX);
    let picture = draw(&story.0, true);
    let heights: Vec<i64> = picture.nodes.iter().map(|node| node.y).collect();
    assert_eq!(heights[0], heights[1]);
    assert_eq!(heights[0], heights[3]);
    assert!(heights[2] > heights[0]);
    assert_eq!(picture.nodes[3].kind, "present");
    assert!(picture.line[0].contains('H'));
    assert!(picture.line[1].contains('C'));
}

#[test]
fn long_gaps_are_broken_and_every_gap_is_labelled() {
    let story = Story::default()
        .then(Kind::Start, 1, 0, HOME, FIREFOX)
        .then(Kind::Rotate, 2, 3, HOME, FIREFOX)
        .then(Kind::Rotate, 3, 3 + 4 * 3_600, HOME, FIREFOX)
        .then(Kind::Rotate, 4, 40 * 86_400, HOME, FIREFOX);
    let picture = draw(&story.0, true);
    let gaps: Vec<(&str, bool)> = picture
        .gaps
        .iter()
        .map(|gap| (gap.text.as_str(), gap.is_long))
        .collect();
    assert_eq!(gaps, [("3 s", false), ("4 h", true), ("39 d", true)]);
    let dates: Vec<_> = picture
        .ticks
        .iter()
        .map(|tick| (tick.time.as_str(), tick.date.as_deref()))
        .collect();
    assert_eq!(
        dates,
        [
            ("12:00", Some("2025-09-06")),
            ("12:00", None),
            ("16:00", None),
            ("12:00", Some("2025-10-16"))
        ]
    );
}

#[test]
fn what_came_again_is_marked_at_the_generation_that_it_presented() {
    let story = Story::at_home(2)
        .then(Kind::Retry, 2, 7_201, HOME, FIREFOX)
        .then(Kind::Retry, 2, 7_202, HOME, FIREFOX)
        .then(Kind::Straggler, 2, 7_203, HOME, FIREFOX)
        .then(Kind::Retry, 2, 7_204, AWAY, CHROME);
    let picture = draw(&story.0, true);
    let marks: Vec<&str> = picture.nodes[1]
        .marks
        .iter()
        .map(|mark| mark.text.as_str())
        .collect();
    assert_eq!(marks, ["2 × again", "1 × late"]);
    assert_eq!(picture.nodes[3].kind, "visit");
    assert_eq!(picture.ties[0].kind, "visit");
}

#[test]
fn nothing_overlaps_and_nothing_leaves_the_picture() {
    let thousands = |mut story: Story| {
        for event in &mut story.0 {
            event.generation += 9_990;
        }
        story
    };
    let stories: [Vec<Event>; 6] = [
        Vec::new(),
        Story::at_home(0).0,
        Story::at_home(99).0,
        thousands(Story::at_home(12).then(Kind::Reuse, 2, 90_000, AWAY, CHROME)).0,
        hundred_strangers().0,
        // A clock that was set back.
        Story::at_home(3)
            .then(
                Kind::Rotate,
                5,
                -90_000,
                "2001:db8:1234:5678:9abc:def0:1234:5678",
                CHROME,
            )
            .0,
    ];
    for events in &stories {
        let picture = draw(events, true);
        for pair in picture.nodes.windows(2) {
            assert!(
                pair[0].left + pair[0].width + 30 <= pair[1].left,
                "{pair:?}"
            );
        }
        for node in &picture.nodes {
            assert!(node.left >= 0 && node.left + node.width <= picture.width);
            assert!(node.top >= 0 && node.top + node.height <= picture.axis);
            let deepest = node.marks.iter().map(|mark| mark.y).max();
            assert!(deepest.is_none_or(|y| y <= picture.axis));
        }
        for (at, label) in picture.labels.iter().enumerate() {
            assert!(label.x + label.width() <= picture.width);
            for other in &picture.labels[at + 1..] {
                let apart = other.y != label.y || other.x >= label.x + label.width();
                assert!(apart, "{label:?} {other:?}");
            }
        }
    }
}

#[test]
fn a_hundred_events_fit_into_a_picture_that_is_still_read() {
    let picture = draw(&hundred_strangers().0, false);
    assert!(picture.nodes.len() <= 40, "{}", picture.nodes.len());
    assert!(picture.width <= 3_500, "{}", picture.width);
    assert!(picture.height <= 700, "{}", picture.height);
    let calm = draw(&Story::at_home(99).0, true);
    assert_eq!(
        kinds(&calm),
        [
            ("generation", "1"),
            ("fold", "98 rotations"),
            ("present", "100")
        ]
    );
}

/// The points of a cubic curve as a path writes it: `M1 2C3 4 5 6 7 8`.
fn points(path: &str) -> Vec<(f64, f64)> {
    let numbers: Vec<f64> = path
        .split(['M', 'C', ' '])
        .filter_map(|number| number.parse().ok())
        .collect();
    assert_eq!(numbers.len(), 8, "{path}");
    let [x, y, x1, y1, x2, y2, x3, y3]: [f64; 8] = numbers.try_into().unwrap_or_default();
    let at = |t: f64, [a, b, c, d]: [f64; 4]| {
        let u = 1.0 - t;
        u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
    };
    (0..=200)
        .map(|step| f64::from(step) / 200.0)
        .map(|t| (at(t, [x, x1, x2, x3]), at(t, [y, y1, y2, y3])))
        .collect()
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "pixels of a picture are few")]
fn no_tie_runs_through_what_is_written_at_its_ends() {
    // Above a line of text, and below it.
    const ASCENT: i64 = 9;
    const DESCENT: i64 = 3;
    let thief_first = |story: Story| {
        story.then(Kind::Rotate, 7, 30_000, AWAY, CHROME).then(
            Kind::Rotate,
            8,
            31_000,
            AWAY,
            CHROME,
        )
    };
    let stories = [
        // Its owner comes second.
        thief_first(Story::at_home(5)).then(Kind::Reuse, 6, 40_000, HOME, FIREFOX),
        // The thief does.
        Story::at_home(5).then(Kind::Reuse, 3, 40_000, AWAY, CHROME),
        // What is told of the generation stands aside as well.
        Story::at_home(5)
            .then(Kind::Retry, 3, 14_401, HOME, FIREFOX)
            .then(Kind::Retry, 3, 14_402, HOME, FIREFOX)
            .then(Kind::Reuse, 3, 40_000, AWAY, CHROME),
        Story::at_home(2).then(Kind::Retry, 2, 7_204, AWAY, CHROME),
    ];
    for story in &stories {
        let picture = draw(&story.0, false);
        assert_eq!(picture.ties.len(), 1);
        let marks = picture.nodes.iter().flat_map(|node| &node.marks);
        let marks = marks.map(|mark| (mark.span(), mark.y, &mark.text));
        let labels = picture.labels.iter().flat_map(|label| {
            let span = (label.x, label.x + label.width());
            [
                (span, label.y, &label.device),
                (span, label.below, &label.address),
            ]
        });
        for ((left, right), baseline, text) in marks.chain(labels) {
            assert!(left >= 0 && right <= picture.width, "{text}");
            let within = |(x, y): &(f64, f64)| {
                (left as f64..=right as f64).contains(x)
                    && ((baseline - ASCENT) as f64..=(baseline + DESCENT) as f64).contains(y)
            };
            let met = points(&picture.ties[0].path).into_iter().find(within);
            assert_eq!(met, None, "{text} in {:?}", picture.ties[0].path);
        }
    }
}
