//! Who held the key and when, as a host's own client saw it and signs it (docs/protocol/attendance.md).

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bytes::{Id, Key, b64, labelled_text};
use crate::canonical;
use crate::fault::{Fault, Outcome};
use crate::member::{Member, Own};
use crate::policy::Host;

const MOST_STAYS: usize = 20_000;
const LONGEST_NAME: usize = 256;

/// One stretch of time in which somebody had a leaf; fields in alphabetical order, as canonical JSON needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// Pseudonym of the account in this meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// A verified domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The epoch in which the leaf was there first, for us.
    pub epoch: u64,
    /// When that epoch began, for us.
    pub from: u64,
    /// The life of the group it was in.
    pub incarnation: Id,
    /// The leaf's signature key.
    pub key: Key,
    /// The name on screen.
    pub name: String,
    /// The seat.
    pub participant: Id,
    /// When the first epoch without the leaf began; absent while it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// What is signed; fields in alphabetical order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attendance {
    call: Id,
    /// From the link's host key to the host who signs, who is the last (POL-1).
    hosts: Vec<Host>,
    made: u64,
    meeting: Id,
    people: Vec<Stay>,
    v: u32,
}

impl Stay {
    fn is_sound(&self) -> bool {
        let short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= LONGEST_NAME);
        let named = !self.name.is_empty() && self.name.len() <= LONGEST_NAME;
        named && short(&self.account) && short(&self.domain) && self.until.is_none_or(|until| until >= self.from)
    }
}

impl Member {
    /// `sign_attendance`: the record with our signature and what makes us a host (ATT-1, ATT-2).
    pub fn sign_attendance(&self, own: &Own, people: Vec<Stay>) -> Outcome<Value> {
        self.check_usable()?;
        let hosts = self.vouching(&own.keys.public());
        if hosts.is_empty() {
            return Err(Fault::new("not_host", "only a host signs who was here"));
        }
        if people.len() > MOST_STAYS || !people.iter().all(Stay::is_sound) {
            return Err(Fault::malformed("the record of who was here cannot be right"));
        }
        self.check_present(&people)?;
        let place = &own.seat()?.place;
        let made = now()?.max(people.iter().map(|stay| stay.until.unwrap_or(stay.from)).max().unwrap_or(0));
        let record = Attendance { call: place.call.clone(), hosts, made, meeting: place.meeting.clone(), people, v: 1 };
        let text = canonical::text(&record)?;
        let signature = own.keys.sign(&labelled_text("conclave/attendance/1", text.as_bytes()));
        Ok(json!({ "attendance": text, "signature": b64(&signature) }))
    }

    // ATT-2: whoever is said to hold the key now has a leaf of this tree, and the other way round.
    fn check_present(&self, people: &[Stay]) -> Outcome<()> {
        let said: Vec<_> = people.iter().filter(|stay| stay.until.is_none()).collect();
        let unique: BTreeSet<_> = said.iter().map(|stay| stay.key).collect();
        let here = |stay: &&Stay| {
            let seat = self.roster.leaf_with(&stay.key).and_then(|leaf| self.roster.at(openmls::prelude::LeafNodeIndex::new(leaf)));
            stay.incarnation == self.incarnation && seat.is_some_and(|seat| seat.participant == stay.participant && seat.name == stay.name)
        };
        if unique.len() == said.len() && said.len() == self.roster.count() && said.iter().all(here) {
            return Ok(());
        }
        Err(Fault::new("attendance_differs", "the record is not of who is here now"))
    }
}

fn now() -> Outcome<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Fault::new("internal", "no clock"))?;
    u64::try_from(since.as_millis()).map_err(|_| Fault::new("internal", "no clock"))
}
