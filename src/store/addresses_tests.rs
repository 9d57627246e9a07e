use super::*;
use std::fs;

fn book(count: u16) -> SavedAddresses {
    let address = |n: u16| SocketAddr::from(([8, 8, 8, 8], n));
    let addresses = (1..=count).map(|n| SavedAddress {
        address: address(n),
        node: (n % 2 == 0).then_some(Address([7; 32])),
        teller: match n % 5 {
            0 => Teller::Own,
            1 => Teller::Ipv4([8, 8]),
            2 => Teller::Ipv6([0x20, 1, 2, 3]),
            3 => Teller::Node([1; 8]),
            _ => Teller::Seed("seed.example.org".into()),
        },
        seen: u64::from(n),
        since: 1,
        tried: n % 3 == 0,
        attempts: n,
        successes: n / 2,
    });
    SavedAddresses { anchors: vec![address(1), address(2)], addresses: addresses.collect(), ..SavedAddresses::default() }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_book_comes_back_as_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    for file in [AddressFile::in_folder(folder.path()), AddressFile::in_memory()] {
        assert_eq!(file.load(), (None, None));
        for count in [0, 10, 3] {
            file.save(&book(count)).unwrap();
            assert_eq!(file.load(), (Some(book(count)), None));
        }
    }
    assert_eq!(names(folder.path()), ["addresses.json"]);
    let text = fs::read_to_string(folder.path().join("addresses.json")).unwrap();
    assert!(text.contains("\"version\":1") && text.contains("\"8.8.8.8:1\"") && text.ends_with('\n'), "{text}");
}

#[test]
fn a_torn_or_foreign_file_is_kept_aside_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = AddressFile::in_folder(folder.path());
    let path = folder.path().join("addresses.json");
    file.save(&book(20)).unwrap();
    let whole = fs::read(&path).unwrap();
    let long = vec![b' '; usize::try_from(ADDRESSES_BYTES).unwrap() + 1];
    let foreign: [(&[u8], &str); 8] = [
        (b"", "EOF"),
        (&whole[..whole.len() / 2], "EOF"),
        (b"\x00\xff\xfe not text", "expected value"),
        (b"{\"peers\": []}", "version"),
        (b"{\"version\": 2, \"anchors\": [], \"addresses\": []}", "format 2"),
        (b"{\"version\": 1, \"anchors\": [], \"addresses\": [{\"address\": \"nowhere\"}]}", "invalid socket address"),
        (b"[[[[[[", "invalid type"),
        (&long, "longer than"),
    ];
    for (number, (bytes, why)) in (1..).zip(foreign) {
        fs::write(&path, bytes).unwrap();
        let (saved, warning) = file.load();
        let warning = warning.unwrap();
        let aside = format!("addresses.json.broken-{number}");
        assert_eq!(saved, None);
        assert!(warning.contains(why) && warning.contains(&aside), "{warning}");
        assert_eq!(fs::read(folder.path().join(aside)).unwrap(), bytes, "kept as it was");
        assert_eq!(file.load(), (None, None), "and out of the way");
    }
    fs::create_dir(&path).unwrap();
    assert!(file.load().1.unwrap().contains("not a file"));
    file.save(&book(1)).unwrap();
    assert_eq!(file.load(), (Some(book(1)), None));
}

#[test]
fn names_to_set_aside_do_not_run_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = AddressFile::in_folder(folder.path());
    for number in 0..=ADDRESSES_ASIDE {
        fs::write(folder.path().join("addresses.json"), format!("torn {number}")).unwrap();
        assert!(file.load().1.is_some());
    }
    assert_eq!(names(folder.path()).len(), usize::try_from(ADDRESSES_ASIDE).unwrap());
}

#[test]
fn what_cannot_be_written_leaves_the_book_before() {
    let folder = tempfile::tempdir().unwrap();
    let disk = DiskSwitch::default();
    for file in [AddressFile::in_folder(folder.path()), AddressFile::in_memory()] {
        let file = file.on(disk.clone());
        file.save(&book(2)).unwrap();
        disk.set_full(true);
        assert!(matches!(file.save(&book(3)), Err(StoreError::Full { .. })));
        assert_eq!(file.load(), (Some(book(2)), None));
        disk.set_full(false);
        file.save(&book(3)).unwrap();
        assert_eq!(file.load().0, Some(book(3)));
    }
    let gone = AddressFile::in_folder(&folder.path().join("gone"));
    let error = gone.save(&book(1)).unwrap_err();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    // A crash between the writing and the putting in place left this; it is in nobody's way.
    fs::write(folder.path().join("addresses.json.new"), "half").unwrap();
    let file = AddressFile::in_folder(folder.path());
    assert_eq!(file.load().0, Some(book(3)));
    file.save(&book(4)).unwrap();
    assert_eq!(names(folder.path()), ["addresses.json"]);
}

/// A link to itself: whoever opens it gets an error of the file system, whatever his rights.
#[cfg(unix)]
#[test]
fn a_book_that_the_system_does_not_give_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addresses.json");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let file = AddressFile::in_folder(folder.path());
    let (saved, said) = file.load();
    assert_eq!(saved, None);
    let said = said.unwrap();
    assert!(said.contains("could not be read") && said.contains("left as it is"), "{said}");
    // Nor does the end of this run write over it, from whichever handle.
    assert!(matches!(file.clone().save(&book(3)), Err(StoreError::NotWritable { .. })));
    assert_eq!(names(folder.path()), ["addresses.json"]);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    // The next run, which can read it, does.
    fs::remove_file(&path).unwrap();
    AddressFile::in_folder(folder.path()).save(&book(20)).unwrap();
    assert_eq!(file.load(), (Some(book(20)), None));
    file.save(&book(3)).unwrap();
    assert_eq!(file.load(), (Some(book(3)), None));
}
