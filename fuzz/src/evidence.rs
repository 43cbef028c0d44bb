//! Files of evidence.

use transparency::Unverified;
use transparency::misbehavior::Misbehavior;
use transparency::policy::Policy;

/// The policy for the registry that the seeds convict.
pub(crate) const ORIGIN: &str = "registry.example/world-1";

pub(crate) fn evidence(data: &[u8]) {
    let Ok(evidence) = Unverified::<Misbehavior>::parse(data) else {
        return;
    };
    assert_eq!(evidence.claims().to_string().as_bytes(), data);
    assert!(!evidence.claims().explain().is_empty());
    // Evidence proves nothing under the policy of another registry.
    let other = transparency::key::SigningKey::from_seed(
        ORIGIN,
        transparency::key::Algorithm::Ed25519,
        [77; 32],
    )
    .expect("a good name");
    let policy = Policy::without_witnesses(other.verifying_key().clone()).expect("an origin");
    assert!(evidence.open(&policy).is_err());
}
