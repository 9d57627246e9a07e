use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// The points of low order on Curve25519, and some of their other encodings (<https://cr.yp.to/ecdh.html#validate>).
#[test]
fn low_order_points_are_refused() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut dh = X25519::default();
    dh.set(&[7; 32]);
    for point in points {
        assert_eq!(dh.dh(&hex(point), &mut [0; 32]), Err(Error::Dh), "{point}");
    }
}

#[test]
fn both_sides_agree() {
    let mut dh = X25519::default();
    dh.set(&[7; 32]);
    let mut other = X25519::default();
    other.set(&[9; 32]);
    let (mut left, mut right) = ([0; 32], [1; 32]);
    dh.dh(other.pubkey(), &mut left).unwrap();
    other.dh(dh.pubkey(), &mut right).unwrap();
    assert_eq!(left, right);
}

/// FIPS 180-4, "abc", in two pieces, and reset between.
#[test]
fn sha256_by_its_test_vector() {
    let mut hash = Sha256::default();
    let mut out = [0; 32];
    hash.input(b"rubbish");
    hash.reset();
    hash.input(b"ab");
    hash.input(b"c");
    hash.result(&mut out);
    assert_eq!(out[..], hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

/// The GCM specification's test case 14: key and nonce of zeros, one block of zeros.
#[test]
fn aes_gcm_by_its_test_vector() {
    let mut cipher = AesGcm::default();
    cipher.set(&[0; 32]);
    let mut sealed = [0; 32];
    assert_eq!(cipher.encrypt(0, &[], &[0; 16], &mut sealed), 32);
    assert_eq!(sealed[..], hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
    let mut plain = [1; 16];
    assert_eq!(cipher.decrypt(0, &[], &sealed, &mut plain), Ok(16));
    assert_eq!(plain, [0; 16]);
    assert_eq!(cipher.decrypt(1, &[], &sealed, &mut plain), Err(Error::Decrypt));
    assert_eq!(cipher.decrypt(0, &[], &sealed[..15], &mut plain), Err(Error::Decrypt));
}

#[test]
fn without_a_key_nothing_readable_leaves() {
    let mut out = [9; 20];
    AesGcm::default().encrypt(0, &[], b"text", &mut out);
    assert_eq!(out, [0; 20]);
}
