use super::*;
use crate::cluster::Standing;
use crate::cluster::expect::Judge;
use crate::cluster::scenario::EngineKind;
use crate::node::Time;

fn line(text: &str, verdict: Verdict) -> ExpectationLine {
    ExpectationLine { text: text.into(), verdict, measured: "3 < 4 & \"5\"".into() }
}

fn outcome(lines: Vec<ExpectationLine>, counts: (usize, usize, usize)) -> Outcome {
    Outcome {
        engine: EngineKind::Simulation,
        elapsed: Duration::from_millis(1_500),
        judged: true,
        lines,
        counts,
        standing: Standing::Split { groups: Vec::new(), silent: vec![0] },
        trace_hash: Some(crate::chain::Hash256::default()),
    }
}

#[test]
fn junit_has_a_case_for_each_expectation_and_escapes_what_xml_reserves() {
    let plan = Plan { count: 1, ..Plan::default() };
    let lines = vec![line("one <tip>", Verdict::Met), line("no 'bans'\u{0}", Verdict::Missed), line("later", Verdict::Pending)];
    let outcome = outcome(lines, (1, 1, 1));
    let judge = Judge::new(&plan, Time(0));
    let report = Report { name: "a&b", title: "A & B", seed: 9, plan: &plan, outcome: &outcome, facts: judge.facts() };
    let xml = report.junit();
    assert!(
        xml.contains("<testsuite name=\"a&amp;b\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\">"),
        "{xml}"
    );
    assert!(
        xml.contains("name=\"one &lt;tip&gt;\" time=\"1.500\"><system-out>3 &lt; 4 &amp; &quot;5&quot;</system-out></testcase>")
    );
    assert!(
        xml.contains(
            "name=\"no &apos;bans&apos;?\" time=\"1.500\"><failure message=\"3 &lt; 4 &amp; &quot;5&quot;\"/></testcase>"
        )
    );
    assert_eq!(xml.matches("<testcase").count(), 3);
    assert_eq!(xml.matches("<property ").count(), 3);

    let json = report.json();
    assert_eq!(
        (json["verdict"].as_str(), json["engine"].as_str(), json["seed"].as_u64()),
        (Some("missed"), Some("simulation"), Some(9))
    );
    assert_eq!(json["expectations"][1]["verdict"], "missed");
    assert_eq!(json["trace_hash"].as_str().unwrap().len(), 64);
    let text = report.text();
    assert!(text.starts_with("met: one <tip> (3 < 4 & \"5\")\nMISSED: "), "{text}");
}

#[test]
fn without_expectations_the_one_case_is_agreement() {
    let plan = Plan { count: 1, ..Plan::default() };
    let judge = Judge::new(&plan, Time(0));
    let outcome = outcome(Vec::new(), (0, 0, 0));
    let report = Report { name: "x", title: "X", seed: 9, plan: &plan, outcome: &outcome, facts: judge.facts() };
    let xml = report.junit();
    assert!(xml.contains("tests=\"1\" failures=\"1\""), "{xml}");
    assert!(xml.contains("<failure message=\"the nodes disagree; nothing is heard from n0\"/>"), "{xml}");
}

#[test]
fn the_verdict_of_a_run_is_that_of_its_exit_code() {
    let plan = Plan { count: 1, ..Plan::default() };
    let judge = Judge::new(&plan, Time(0));
    let verdict = |outcome: &Outcome| {
        let report = Report { name: "x", title: "X", seed: 9, plan: &plan, outcome, facts: judge.facts() };
        report.json()["verdict"].as_str().unwrap().to_owned()
    };
    let agreed = Standing::Agreed { nodes: 1, tip: crate::chain::BlockId::default(), height: 0 };
    let split = outcome(Vec::new(), (0, 0, 0));
    assert_eq!((verdict(&split).as_str(), split.failed(0)), ("missed", true));
    let good = Outcome { standing: agreed.clone(), ..split.clone() };
    assert_eq!((verdict(&good).as_str(), good.failed(0)), ("met", false));
    assert_eq!(verdict(&Outcome { judged: false, ..good }), "pending", "nobody looked");
    let short = outcome(vec![line("later", Verdict::Pending)], (0, 0, 1));
    assert_eq!(verdict(&short), "missed", "too short to judge, and the nodes disagree");
    assert_eq!(verdict(&Outcome { standing: agreed, ..short }), "pending");
    let ended = Outcome { judged: false, ..outcome(vec![line("now", Verdict::Missed)], (0, 1, 0)) };
    assert_eq!(verdict(&ended), "missed");
}
