//! Policies: who signs, who witnesses, and how many of them must.

use std::collections::BTreeSet;

use transparency::key::VerifyingKey;
use transparency::policy::Policy;

pub(crate) fn policy(data: &[u8]) {
    let Ok(policy) = Policy::parse(data) else {
        return;
    };
    assert_eq!(policy.operate_key().name(), policy.origin().as_str());
    // A comment at the end changes nothing, and a second log line is refused.
    let with = |line: &str| Policy::parse(&[data, b"\n", line.as_bytes(), b"\n"].concat());
    if let Ok(again) = with("# a remark") {
        assert_eq!(again.origin(), policy.origin());
        assert_eq!(again.witnesses().len(), policy.witnesses().len());
    }
    assert!(with(&format!("log {}", policy.operate_key())).is_err());

    // One more vote never loses a quorum, and a key that the policy does not know has no vote.
    let all: BTreeSet<VerifyingKey> = policy
        .witnesses()
        .iter()
        .map(|one| one.key().clone())
        .collect();
    let mut voters = BTreeSet::new();
    let mut met = policy.is_quorum(&voters);
    for key in &all {
        voters.insert(key.clone());
        let now = policy.is_quorum(&voters);
        assert!(now || !met, "one more vote took the quorum away");
        met = now;
    }
    voters.insert(policy.operate_key().clone());
    assert_eq!(policy.is_quorum(&voters), met, "the log's key has no vote");
}
