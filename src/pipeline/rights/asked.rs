use super::super::{ReasonFault, SiteFault};
use crate::privacy::{Key, suppression::Marks};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

const PURPOSE: &str = "rights case";

/// What a case keeps of what was asked: by which marks the person is known, and what is right instead of what is held.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) marks: Marks,
    /// Fields and what they should say.
    pub(super) correction: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn sealed(&self, key: &Key) -> Result<Vec<u8>, SiteFault> {
        let text = serde_json::to_string(self).map(Zeroizing::new);
        let sealed = text.ok().and_then(|text| key.seal(PURPOSE, &text));
        sealed.ok_or_else(|| ReasonFault::Unsealed.into())
    }

    pub(super) fn open(key: &Key, sealed: &[u8]) -> Option<Self> {
        let text = Zeroizing::new(key.unseal(PURPOSE, sealed)?);
        serde_json::from_str(&text).ok()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        for (_, value) in &mut self.correction {
            value.zeroize();
        }
    }
}
