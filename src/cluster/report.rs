//! A run's report: as text, as JSON, and as JUnit XML for continuous integration.

use super::conductor::Outcome;
use super::expect::{Facts, Travel};
use super::{Plan, director::seconds};
use rumormill_ui::model::{ExpectationLine, Verdict};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// Most links that a text report lists; a JSON report has all.
const TEXT_LINKS: usize = 12;

/// All that a report is made of.
pub struct Report<'a> {
    /// The preset's name.
    pub name: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The run's seed.
    pub seed: u64,
    /// What was to be done.
    pub plan: &'a Plan,
    /// What came out.
    pub outcome: &'a Outcome,
    /// What was seen.
    pub facts: &'a Facts,
}

/// One link: what was asked for, and what was measured.
struct LinkFigures {
    ends: (u32, u32),
    /// Round trip as configured while no fault changed it.
    configured: Duration,
    /// The most that chance adds to it.
    jitter: Duration,
    measured: super::expect::RoundTrips,
}

/// An expectation as the last lines of a run say it.
pub fn sentence(line: &ExpectationLine) -> String {
    let verdict = match line.verdict {
        Verdict::Met => "met",
        Verdict::Missed => "MISSED",
        Verdict::Pending => "not decided",
    };
    format!("{verdict}: {} ({})", line.text, line.measured)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::Pending => "pending",
    }
}

impl Report<'_> {
    fn links(&self) -> impl Iterator<Item = LinkFigures> {
        self.facts.round_trips().iter().map(|((from, to), measured)| {
            let there = self.plan.link(*from, *to);
            let back = self.plan.link(*to, *from);
            LinkFigures {
                ends: (*from, *to),
                configured: there.latency.saturating_add(back.latency),
                jitter: there.jitter.saturating_add(back.jitter),
                measured: *measured,
            }
        })
    }

    /// For people: the expectations as sentences, then the figures.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        for line in &self.outcome.lines {
            let _ = writeln!(text, "{}", sentence(line));
        }
        let (blocks, transactions) = (self.facts.blocks.travel(), self.facts.transactions.travel());
        let (messages, bytes) = self.facts.sent();
        let (duplicates, deliveries) = self.facts.duplicates();
        let _ = writeln!(text, "{} of {} ran for {}", self.title, self.nodes(), seconds(self.outcome.elapsed));
        let _ = writeln!(text, "blocks: {}", travel_words(&blocks));
        let _ = writeln!(text, "transactions: {}", travel_words(&transactions));
        let _ = writeln!(text, "sent: {messages} messages, {bytes} bytes; {duplicates} duplicates for {deliveries} deliveries");
        for link in self.links().filter(|link| link.ends.0 < link.ends.1).take(TEXT_LINKS) {
            let (from, to) = link.ends;
            let _ = writeln!(
                text,
                "n{from} - n{to}: round trip {} measured, {} configured",
                seconds(link.measured.mean()),
                seconds(link.configured)
            );
        }
        let _ = write!(text, "seed {}, {}", self.seed, self.outcome.engine.name());
        if let Some(hash) = self.outcome.trace_hash {
            let _ = write!(text, ", trace {hash}");
        }
        text
    }

    fn nodes(&self) -> String {
        let count = self.plan.count;
        if count == 1 { "one node".to_owned() } else { format!("{count} nodes") }
    }

    /// Of the whole run: missed if it failed (see [`Outcome::failed`]), met if all that was expected was met, or agreement where nothing
    /// was. A run that was never judged has none.
    fn verdict(&self) -> Verdict {
        let (_, missed, pending) = self.outcome.counts;
        match (self.outcome.judged, self.outcome.failed(u64::from(self.plan.mines))) {
            (_, true) => Verdict::Missed,
            // What was missed stays so, judged or not.
            (false, false) => {
                if missed > 0 {
                    Verdict::Missed
                } else {
                    Verdict::Pending
                }
            }
            (true, false) if pending > 0 => Verdict::Pending,
            (true, false) => Verdict::Met,
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let outcome = self.outcome;
        let (met, missed, pending) = outcome.counts;
        let (messages, bytes) = self.facts.sent();
        let (duplicates, deliveries) = self.facts.duplicates();
        let (submitted, mined) = self.facts.transfers();
        let links = self.links().map(|link| {
            json!({
                "from": link.ends.0,
                "to": link.ends.1,
                "rtt_configured_us": micros(link.configured),
                "jitter_configured_us": micros(link.jitter),
                "rtt_measured_us": {
                    "mean": micros(link.measured.mean()),
                    "least": micros(link.measured.least),
                    "most": micros(link.measured.most),
                },
                "samples": link.measured.count,
            })
        });
        let expectations = outcome
            .lines
            .iter()
            .map(|line| json!({ "text": line.text, "verdict": word(line.verdict), "measured": line.measured }));
        json!({
            "preset": self.name,
            "title": self.title,
            "seed": self.seed,
            "engine": outcome.engine.name(),
            "trace_hash": outcome.trace_hash.map(|hash| hash.to_string()),
            "nodes": self.plan.count,
            "elapsed_us": micros(outcome.elapsed),
            "judged": outcome.judged,
            "verdict": word(self.verdict()),
            "counts": { "met": met, "missed": missed, "pending": pending },
            "standing": outcome.standing.to_string(),
            "expectations": expectations.collect::<Vec<_>>(),
            "figures": {
                "blocks": travel_json(&self.facts.blocks.travel()),
                "transactions": travel_json(&self.facts.transactions.travel()),
                "chain_growth": self.facts.chain_growth(),
                "transfers_submitted": submitted,
                "transfers_on_chain": mined,
                "messages_sent": messages,
                "bytes_sent": bytes,
                "duplicates": duplicates,
                "deliveries": deliveries,
                "memory_bytes": self.facts.memory,
                "events": self.facts.kinds(),
            },
            "heights": self.facts.heights().collect::<Vec<_>>(),
            "links": links.collect::<Vec<_>>(),
        })
    }

    /// For continuous integration: a suite of one case for each expectation.
    pub fn junit(&self) -> String {
        let outcome = self.outcome;
        let (_, missed, pending) = outcome.counts;
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let name = escape(self.name);
        let time = outcome.elapsed.as_secs_f64();
        // Where nothing is expected, agreement is.
        let agreement = outcome.lines.is_empty();
        let failed = outcome.failed(u64::from(self.plan.mines));
        let (tests, failures) = if agreement { (1, usize::from(failed)) } else { (outcome.lines.len(), missed) };
        let skipped = if agreement { usize::from(!outcome.judged) } else { pending };
        let _ = writeln!(
            xml,
            "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{time:.3}\">"
        );
        let _ = writeln!(xml, "  <properties>");
        let mut property = |key: &str, value: &str| {
            let _ = writeln!(xml, "    <property name=\"{key}\" value=\"{}\"/>", escape(value));
        };
        property("seed", &self.seed.to_string());
        property("engine", outcome.engine.name());
        if let Some(hash) = outcome.trace_hash {
            property("trace", &hash.to_string());
        }
        let _ = writeln!(xml, "  </properties>");
        let mut case = |text: &str, verdict: Verdict, measured: &str| {
            let (text, measured) = (escape(text), escape(measured));
            let _ = write!(xml, "  <testcase classname=\"rumormill.{name}\" name=\"{text}\" time=\"{time:.3}\">");
            let _ = match verdict {
                Verdict::Met => write!(xml, "<system-out>{measured}</system-out>"),
                Verdict::Missed => write!(xml, "<failure message=\"{measured}\"/>"),
                Verdict::Pending => write!(xml, "<skipped message=\"not decided: {measured}\"/>"),
            };
            let _ = writeln!(xml, "</testcase>");
        };
        if agreement {
            case("the nodes agree at the end", self.verdict(), &outcome.standing.to_string());
        }
        for line in &outcome.lines {
            case(&line.text, line.verdict, &line.measured);
        }
        xml.push_str("</testsuite>\n");
        xml
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn travel_words(travel: &Travel) -> String {
    let mut text = format!("{} made, {} reached 95% of the nodes", travel.count, travel.arrived);
    for (name, time) in [("p50", travel.p50), ("p95", travel.p95), ("all", travel.all), ("worst p95", travel.worst)] {
        if let Some(time) = time {
            let _ = write!(text, ", {name} {}", seconds(time));
        }
    }
    if let Some(hops) = travel.hops {
        let _ = write!(text, ", {hops} {}", if hops == 1 { "hop" } else { "hops" });
    }
    text
}

fn travel_json(travel: &Travel) -> Value {
    json!({
        "count": travel.count,
        "arrived": travel.arrived,
        "p50_us": travel.p50.map(micros),
        "p95_us": travel.p95.map(micros),
        "all_us": travel.all.map(micros),
        "worst_us": travel.worst.map(micros),
        "hops": travel.hops,
    })
}

/// For an attribute or a text of XML 1.0: what has a meaning there becomes an entity, what may not stand there at all a question mark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
