use super::*;

fn transfer(n: u64) -> (Transfer, KeyPair) {
    let keys = KeyPair::from_seed([n as u8 + 1; 32]);
    (Transfer { chain: ChainId(1), from: keys.address(), to: Address([7; 32]), amount: n, fee: 1, nonce: 0 }, keys)
}

fn signed(count: u64) -> Vec<Transaction> {
    (0..count).map(transfer).map(|(transfer, keys)| transfer.sign(&keys)).collect()
}

#[test]
fn a_signature_covers_every_field() {
    let (transfer, keys) = transfer(1);
    let good = transfer.sign(&keys);
    assert_eq!(good.verify(ChainId(1)), Ok(()));
    assert_eq!(good.verify(ChainId(2)), Err(TransactionError::WrongChain(1)));
    let t = transfer;
    let changed = [
        Transfer { to: Address([8; 32]), ..t },
        Transfer { amount: 2, ..t },
        Transfer { fee: 2, ..t },
        Transfer { nonce: 2, ..t },
        Transfer { from: Address([7; 32]), ..t },
    ];
    for transfer in changed {
        let bad = Transaction { transfer, ..good };
        assert_eq!(bad.verify(ChainId(1)), Err(TransactionError::BadSignature));
        assert_ne!(bad.id(), good.id());
    }
    let other_chain = Transaction { transfer: Transfer { chain: ChainId(2), ..t }, ..good };
    assert_eq!(other_chain.verify(ChainId(2)), Err(TransactionError::BadSignature));
}

#[test]
fn amount_and_fee_may_not_overflow() {
    let (transfer, keys) = transfer(1);
    let most = Transfer { amount: u64::MAX, fee: 0, ..transfer }.sign(&keys);
    assert_eq!(most.verify(ChainId(1)), Ok(()));
    let more = Transfer { amount: u64::MAX, fee: 1, ..transfer }.sign(&keys);
    assert_eq!(more.verify(ChainId(1)), Err(TransactionError::Overflow));
}

#[test]
fn a_batch_names_the_first_wrong_signature() {
    let mut transactions = signed(20);
    assert_eq!(verify_signatures(&transactions), Ok(()));
    assert_eq!(verify_signatures(&[]), Ok(()));
    transactions[13].signature.0[3] ^= 1;
    transactions[17].transfer.from = Address([0xee; 32]);
    assert_eq!(verify_signatures(&transactions), Err(13));
    transactions.swap(0, 17);
    assert_eq!(verify_signatures(&transactions), Err(0));
}

#[test]
fn the_id_covers_the_signature() {
    let mut transaction = signed(1)[0];
    let id = transaction.id();
    transaction.signature.0[63] ^= 1;
    assert_ne!(transaction.id(), id);
}

/// The edge cases in which Ed25519 libraries disagree: whatever the answer, batch and single must give the same.
#[test]
fn batch_and_single_agree_on_keys_of_small_order() {
    for key in small_order() {
        for point in small_order() {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&point);
            let (transfer, _) = transfer(1);
            let transaction =
                Transaction { transfer: Transfer { from: Address(key), ..transfer }, signature: Signature(signature) };
            // ZIP 215 accepts all of these: s = 0, and both points vanish when multiplied by the cofactor.
            assert!(transaction.has_valid_signature());
            let mut batch = signed(3);
            batch.push(transaction);
            assert_eq!(verify_signatures(&batch), Ok(()));
        }
    }
}

/// The points of order 1, 2 and 4, and non-canonical encodings of the first two (RFC 8032 would refuse the latter).
fn small_order() -> Vec<[u8; 32]> {
    let mut one = [0; 32];
    one[0] = 1;
    let mut p_minus_one = [0xff; 32];
    (p_minus_one[0], p_minus_one[31]) = (0xec, 0x7f);
    let mut p_plus_one = p_minus_one;
    p_plus_one[0] = 0xee;
    let mut p = p_minus_one;
    p[0] = 0xed;
    vec![one, p_minus_one, [0; 32], p_plus_one, p]
}
