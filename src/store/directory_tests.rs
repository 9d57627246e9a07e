use super::identity::{load, load_or_create};
use super::{DataDirectory, StoreError};
use std::path::Path;

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, rights).unwrap();
}

/// Writes a key file as its owner would have it.
fn write_key(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[test]
fn a_directory_belongs_to_one_process_at_a_time() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("deep/er");
    let held = DataDirectory::open(&path).unwrap();
    #[cfg(unix)]
    {
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
    let error = DataDirectory::open(&path).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::Locked { .. }));
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains("--data-dir"), "{text}");
    #[cfg(unix)]
    assert!(text.contains(&format!("pid {}", std::process::id())), "{text}");
    drop(held);
    DataDirectory::open(&path).unwrap();
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [&file, &file.join("under")] {
        let error = DataDirectory::open(path).unwrap_err();
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    }
}

#[test]
fn an_identity_is_made_once_and_kept() {
    let place = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(place.path()).unwrap();
    let path = directory.key_file();
    assert!(load(&path).unwrap().is_none());
    let made = load_or_create(&path).unwrap().address();
    #[cfg(unix)]
    assert_eq!(mode(&path), 0o600);
    assert_eq!(load_or_create(&path).unwrap().address(), made);
    assert_eq!(load(&path).unwrap().unwrap().address(), made);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with('#') && text.lines().last().unwrap().len() == 64);
    // Nothing is left beside it, and another place gets another key.
    let names: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let other = tempfile::tempdir().unwrap();
    assert_ne!(load_or_create(&other.path().join("key")).unwrap().address(), made);
}

#[test]
fn what_is_no_key_is_never_replaced() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("identity.key");
    let key = "ab".repeat(32);
    let wrong: [&[u8]; 9] = [
        b"",
        b"\n",
        b"# only a comment\n",
        &key.as_bytes()[..63],
        &[key.as_bytes(), b"0"].concat(),
        &[key.as_bytes(), b"\n", key.as_bytes()].concat(),
        &[b'z'; 64],
        &[0xff; 64],
        &[b'#'; 5_000],
    ];
    for bytes in wrong {
        write_key(&path, bytes);
        let error = load_or_create(&path).err().unwrap();
        assert!(matches!(error, StoreError::KeyDamaged { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()) && !text.contains("abab"), "{text}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    write_key(&path, format!("# mine\r\n\r\n  {key}  \r\n"));
    assert!(load_or_create(&path).is_ok());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(load_or_create(&path).is_err());
}

#[test]
fn what_a_crash_left_beside_the_key_does_no_harm() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("identity.key");
    std::fs::write(place.path().join("identity.key.new"), "half").unwrap();
    let made = load_or_create(&path).unwrap().address();
    assert_eq!(load(&path).unwrap().unwrap().address(), made);
}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_read_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("identity.key");
    load_or_create(&path).unwrap();
    for wrong in [0o640, 0o604, 0o666, 0o610] {
        set_mode(&path, wrong);
        let error = load_or_create(&path).err().unwrap();
        assert!(matches!(error, StoreError::KeyExposed { .. }), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    set_mode(&path, 0o400);
    assert!(load_or_create(&path).is_ok());
}
