//! A node's key file: its identity, and the key to its account.
//!
//! A short text file: comments, and the Ed25519 seed as 64 hexadecimal digits. It is made once, readable by its owner only, and never
//! replaced: what is in its place and is not a key is an error.

use super::StoreError;
use super::directory::sync_folder;
use super::limits::KEY_FILE_BYTES;
use crate::chain::KeyPair;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

const HEAD: &str = "\
# The secret key of a rumormill node: its identity, and the key to its account.
# Whoever has it can be this node and spend what it owns. Keep it to yourself, and keep a copy.
";

/// The key in the file `path`; a new one, from the system's randomness, if there is no such file. The folder must exist, and should be
/// held by a [`super::DataDirectory`].
pub fn load_or_create(path: &Path) -> Result<KeyPair, StoreError> {
    match load(path)? {
        Some(keys) => Ok(keys),
        None => create(path),
    }
}

/// The key in the file `path`; `None` if there is no such file.
pub fn load(path: &Path) -> Result<Option<KeyPair>, StoreError> {
    let damaged = |why: &str| StoreError::KeyDamaged { path: path.to_owned(), why: why.to_owned() };
    let failed = |error: std::io::Error| {
        StoreError::Io(format!("cannot read {}: {error}. Make it readable, or choose another --data-dir", path.display()))
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(damaged("it is not a file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&about) & 0o077 != 0 {
        return Err(StoreError::KeyExposed { path: path.to_owned() });
    }
    if about.len() > KEY_FILE_BYTES {
        return Err(damaged("it is too long"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES as usize));
    file.take(KEY_FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not text"))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(line) = lines.next() else {
        return Err(damaged(if bytes.is_empty() { "it is empty" } else { "its key is missing" }));
    };
    if lines.next().is_some() {
        return Err(damaged("it has more lines than one beside its comments"));
    }
    let seed = parse(line).ok_or_else(|| damaged("64 hexadecimal digits are wanted"))?;
    Ok(Some(KeyPair::from_seed(*seed)))
}

/// Makes the key file anew: written beside, synced, and put in place at once, so that no crash leaves half of it.
fn create(path: &Path) -> Result<KeyPair, StoreError> {
    let failed = |error: std::io::Error| StoreError::NotWritable { path: path.to_owned(), why: error.to_string() };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| StoreError::Io(format!("the system gives no randomness: {error}")))?;
    let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + 65));
    text.push_str(HEAD);
    for byte in seed.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push('\n');
    let beside = path.with_extension("key.new");
    // What a crash left was never anybody's identity.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    drop(file);
    // A link in place of a rename: it fails where a file came up meanwhile, and so cannot replace a key.
    let placed = written.and_then(|()| match std::fs::hard_link(&beside, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => {
            // Some file systems have no links.
            std::fs::rename(&beside, path)
        }
        other => other,
    });
    let _ = std::fs::remove_file(&beside);
    placed.map_err(failed)?;
    path.parent().map_or(Ok(()), sync_folder).map_err(failed)?;
    Ok(KeyPair::from_seed(*seed))
}

fn parse(line: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = line.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut seed = Zeroizing::new([0; 32]);
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(seed)
}
