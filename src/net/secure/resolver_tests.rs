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

/// RFC 7748, section 6.1.
#[test]
fn x25519_by_its_test_vector() {
    let (mut alice, mut bob) = (X25519::default(), X25519::default());
    alice.set(&hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    bob.set(&hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    assert_eq!(alice.pubkey(), hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
    assert_eq!(bob.pubkey(), hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
    let (mut left, mut right) = ([0; 32], [1; 32]);
    alice.dh(bob.pubkey(), &mut left).unwrap();
    bob.dh(alice.pubkey(), &mut right).unwrap();
    assert_eq!(left[..], hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
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
