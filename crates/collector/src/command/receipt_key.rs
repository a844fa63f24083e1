//! `receipt-key`: the public key that receipts are signed with, for those who pin it before their first report.

use std::io::Write;
use std::path::Path;

use heliograph_collector::entropy::Entropy;
use heliograph_collector::receipt_key::ReceiptKey;

/// Prints the key alone; makes one where there is none.
pub(crate) fn print(data: &Path, entropy: &dyn Entropy, out: &mut impl Write) -> anyhow::Result<()> {
    let key = ReceiptKey::load_or_make(data, entropy)?;
    Ok(writeln!(out, "{}", key.public())?)
}
