use super::*;

#[test]
fn the_first_test_vector_of_rfc_8032() {
    let hex = |text: &str| text.parse::<Address>().unwrap().0;
    let keys = KeyPair::from_seed(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    assert_eq!(keys.address().0, hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    let signature = keys.sign(b"");
    assert_eq!(signature.0[..32], hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"));
    assert!(signature.verify(&keys.address(), b""));
}

#[test]
fn a_signature_binds_key_and_message() {
    let keys = KeyPair::from_seed([1; 32]);
    let signature = keys.sign(b"pay");
    assert!(signature.verify(&keys.address(), b"pay"));
    assert!(!signature.verify(&keys.address(), b"play"));
    assert!(!signature.verify(&KeyPair::from_seed([2; 32]).address(), b"pay"));
    let mut broken = signature;
    broken.0[40] ^= 1;
    assert!(!broken.verify(&keys.address(), b"pay"));
    // Not a point, not a scalar.
    assert!(!signature.verify(&Address([0xee; 32]), b"pay"));
    assert!(!Signature([0xff; 64]).verify(&keys.address(), b"pay"));
}

#[test]
fn debug_hides_the_secret_and_the_seed_comes_back() {
    let keys = KeyPair::from_seed([7; 32]);
    assert_eq!(*keys.seed(), [7; 32]);
    assert!(!format!("{keys:?}").contains("0707"));
    assert_eq!(format!("{keys:?}"), format!("KeyPair({})", keys.address().short()));
}
