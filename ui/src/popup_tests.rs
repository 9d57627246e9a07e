//! What is typed is what is done, within what makes sense.

use super::*;

fn latency() -> PopUp {
    PopUp::new("Latency on link n1-n2".into(), Harm::Link { from: 1, to: Some(2), change: Change::Latency })
}

fn typed(popup: &mut PopUp, text: &str) {
    text.chars().for_each(|sign| popup.type_sign(sign));
}

#[test]
fn enter_takes_what_is_offered() {
    assert_eq!(
        latency().intent(),
        Intent::Link {
            from: 1,
            to: Some(2),
            tweak: LinkTweak::Latency(Duration::from_millis(200)),
            lasts: Some(Duration::from_secs(60))
        }
    );
    assert_eq!(latency().line(), "Latency on link n1-n2: delay 200 ms, lasts 60 s?");
    assert_eq!(
        PopUp::new("Kill n3".into(), Harm::Kill(3)).intent(),
        Intent::Kill { node: 3, lasts: Some(Duration::from_secs(30)) }
    );
    assert_eq!(PopUp::new(String::new(), Harm::Clear).intent(), Intent::ClearFaults);
}

#[test]
fn digits_replace_and_go_on() {
    let mut popup = latency();
    typed(&mut popup, "3x50");
    assert_eq!(popup.fields[0].text(), "350 ms");
    popup.erase();
    assert_eq!(popup.fields[0].text(), "35 ms");
    popup.step(1);
    typed(&mut popup, "90");
    assert_eq!(popup.fields[1].text(), "90 s");
    let Intent::Link { tweak, lasts, .. } = popup.intent() else { panic!("a link's fault") };
    assert_eq!((tweak, lasts), (LinkTweak::Latency(Duration::from_millis(35)), Some(Duration::from_secs(90))));
    popup.step(1);
    assert_eq!(popup.chosen, 0, "the first follows the last");
}

#[test]
fn numbers_are_held_to_sense() {
    let mut popup = PopUp::new(String::new(), Harm::Link { from: 0, to: None, change: Change::Loss });
    typed(&mut popup, "99999999999999999999999");
    assert_eq!(popup.fields[0].text(), "100%");
    typed(&mut popup, "0");
    popup.erase();
    popup.erase();
    popup.erase();
    popup.step(1);
    typed(&mut popup, "0");
    let Intent::Link { tweak, lasts, .. } = popup.intent() else { panic!("a link's fault") };
    assert_eq!((tweak, lasts), (LinkTweak::Loss(10_000), Some(Duration::from_secs(1))), "never nothing for no time");
}

#[test]
fn beyond_the_longest_time_is_no_end() {
    let mut popup = PopUp::new(String::new(), Harm::Kill(0));
    for _ in 0..20 {
        popup.change(true);
    }
    assert_eq!(popup.fields[0].text(), "until undone");
    assert_eq!(popup.intent(), Intent::Kill { node: 0, lasts: None });
    popup.change(false);
    assert_eq!(popup.fields[0].text(), "1 h");
    for _ in 0..20 {
        popup.change(false);
    }
    assert_eq!(popup.fields[0].text(), "5 s");
    // An amount has no such thing.
    let mut popup = latency();
    for _ in 0..20 {
        popup.change(true);
    }
    assert_eq!(popup.fields[0].text(), "5000 ms");
    // Typed values fall in line.
    typed(&mut popup, "300");
    popup.change(true);
    assert_eq!(popup.fields[0].text(), "500 ms");
}
