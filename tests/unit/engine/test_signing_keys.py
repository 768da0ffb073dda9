"""Keys, certificates and signatures by themselves, and private keys in PVK format."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pymlsql.embedded.engine.signing import keys, pvk

START, EXPIRY = dt.datetime(2020, 1, 2, 3, 4, 5), dt.datetime(2099, 12, 31)
SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def made() -> tuple[bytes, rsa.RSAPrivateKey]:
    return keys.make_certificate("it's a test", START, EXPIRY)


@pytest.fixture(scope="module")
def other() -> tuple[bytes, rsa.RSAPrivateKey]:
    return keys.make_certificate("another", START, EXPIRY)


def test_certificate_says_what_it_was_made_with(made: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    facts = keys.read_certificate(made[0])
    assert (facts.subject, facts.issuer, facts.start, facts.expiry) == ("it's a test", "it's a test", START, EXPIRY)
    assert len(facts.thumbprint) == 20
    assert all(len(part) == 2 for part in facts.serial_number.split(" "))
    assert facts.sid == bytes.fromhex("010600000000000901000000") + facts.thumbprint


def test_sid_as_text_is_that_of_windows() -> None:
    sid = bytes.fromhex("010600000000000901000000 01000000 ff000000 00010000 00000100 00000080")
    assert keys.string_sid(sid) == "S-1-9-1-1-255-256-65536-2147483648"


def test_private_key_comes_back_with_its_password_only(made: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    encrypted = keys.encrypt_by_password(made[1], "pässword")
    assert keys.belongs_to(keys.decrypt_by_password(encrypted, "pässword"), made[0])
    for wrong in ("password", "", "pässword "):
        with pytest.raises(keys.WrongPassword):
            keys.decrypt_by_password(encrypted, wrong)
    assert keys.encrypt_by_password(made[1], "pässword") != encrypted


def test_private_key_comes_back_with_the_master_key_only(made: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    encrypted = keys.encrypt_by_key(made[1], SECRET)
    assert keys.belongs_to(keys.decrypt_by_key(encrypted, SECRET), made[0])
    with pytest.raises(keys.WrongPassword):
        keys.decrypt_by_key(encrypted, bytes(32))
    with pytest.raises(keys.WrongPassword):
        keys.decrypt_by_key(encrypted[:-1] + bytes([encrypted[-1] ^ 1]), SECRET)


def test_signature_holds_for_its_text_and_certificate_only(
    made: tuple[bytes, rsa.RSAPrivateKey], other: tuple[bytes, rsa.RSAPrivateKey]
) -> None:
    signature = keys.sign(made[1], b"CREATE PROCEDURE p AS SELECT 1")
    assert keys.verify(made[0], signature, b"CREATE PROCEDURE p AS SELECT 1")
    assert not keys.verify(made[0], signature, b"CREATE PROCEDURE p AS SELECT 1 ")
    assert not keys.verify(other[0], signature, b"CREATE PROCEDURE p AS SELECT 1")
    assert not keys.verify(made[0], b"", b"CREATE PROCEDURE p AS SELECT 1")
    assert not keys.belongs_to(other[1], made[0])


@pytest.mark.parametrize("data", [b"", b"0", bytes(100)])
def test_bytes_that_are_no_certificate_are_told(data: bytes) -> None:
    with pytest.raises(keys.InvalidData):
        keys.read_certificate(data)


# PVK --------------------------------------------------------------------------------------------------------------

PLAIN = """
    1ef1b5b000000000010000000000000000000000340100000702000000a40000525341320002000001000100b58001d64719dc3505144b1756
    7046541756a10cb1c505c18bf8110ef3ac15ba0a560bd756f1ea21f10a1307c51d30252f24f5edf8ee4a3e65e07a397d1b1ac017ddb70b263a
    536dac6077f69c94b24ea4b6c806addf56cd7dafb38582f90fdf13a803614120d7f2423537b7fece7395fb935820cd10ee79399abe4fb9ca77
    dcd1f04f2b6202a3a8e4b18c35abb1cf725ac2f43eb0f586230efed04f6790541ab7c4e297fe36e07b263d7260e274686b22235bdbeb06d91e
    958244fd694ac93a97e58d1fb6f55bee5dde4a57bd5b3f0bc57155881c0d35ee53a86dcdb1bc0a3155a9baea771b059d5a7da3835a7bac84f9
    7c5d5c33efda81981fadf4f9c36393df40dc0e006aeb0c72b1e8d61aa0942d8afbfe15b8523d2ed304d658b187932f"""
STRONG = """
    1ef1b5b00000000001000000010000001000000034010000ed9c44e322cd93ed593db732bd6e9d630702000000a4000009b6dd8b55415b6532
    b6a61db2a6d61fb4348b69fa6e23abce5b9bbb95ec7e80d082a21aad595eb9783c5e72ad9d1ce861ff43ac0ff0aedcc1cab97bebe626f34574
    a963010da09c0fd19f13e74fab51a7eb7aabe08d9973e37b940010ef147803136f6cd5d65e83f4cfdaf9d2e89f221552f40177275b43f9c781
    831c6b4d5f8679e1b4ba30bc084e1a61733f7c07dfdaa5f6be5ca94ba14e69dcf2f03fbf2779c80a1fc9fad64ff129bbf35a97cd3296926884
    21c75de1f4c13292154c48d1ca0cad65a26183640baab55d4cc494283a8ab50cd48e691fe23d1615a9c6abfcffa25385b1e32171846aebd210
    500e733374aa39a055c1c219b35363f12d029255d25154570fb9660a96cf408e6ff013f6101c93f6808cc9acca980cb382ca44bd8344fdb1c2
    4ece4603090c"""
WEAK = """
    1ef1b5b00000000001000000010000001000000034010000bfbacafe47acd1e27ced2bd82d4dd8b10702000000a400005dd4e81c660347d222
    51f00e23e9fe2c6f966c90e5cfefc7ef259683483e60848dfe10ee90185bd99622ae6ac00cc1f9dc765a40495c4ffbf8c3a688887982ca0def
    0c2926de65cae27bdcccfe245082f0f1b7a8d2c6da427e6834f3aab8ceee26785b777ca4e1f11918a1a4052716d71d34739b3bd7b35493afaf
    4654f06cde45d68180356cfa9610249ad239597512bfd1c8ccb875e7a8a8c69c84f6b95005e46eebded6c7439df032046f8b5a3b9afa9e5e4e
    3cb92c60d38c0e52aba7ca276317c1f3cd2cdbeb4264c695270519445238ebc2e82b76b2eaf4ef8b764502128b603cd8409030630aade5f0fa
    28803c847c9e104ddaea292edd9ccbcb3fe0e76762270acb22aefcf3573c70e22cf559b762a0060ad744a0ef08fc9303869fe4b9824c42ecc3
    37c91be0c11d"""
MODULUS = 0xC01A1B7D397AE0653E4AEEF8EDF5242F25301DC507130AF121EAF156D70B560ABA15ACF30E11F88BC105C5B10CA1561754467056174B140535DC1947D60180B5  # fmt: skip # noqa: E501
"""One key of 512 bits as OpenSSL 3.0.19 writes it in the three kinds of PVK; the password is Passw0rd."""


@pytest.mark.parametrize(("text", "password"), [
    (PLAIN, None), (PLAIN, "any"), (STRONG, "Passw0rd"), (WEAK, "Passw0rd"),
])  # fmt: skip
def test_keys_that_openssl_wrote_are_read(text: str, password: str | None) -> None:
    assert pvk.read_key(bytes.fromhex(text), password).private_numbers().public_numbers.n == MODULUS


@pytest.mark.parametrize("password", ["passw0rd", "", None, "pässword"])
def test_without_its_password_a_key_is_not_read(password: str | None) -> None:
    with pytest.raises(keys.WrongPassword):
        pvk.read_key(bytes.fromhex(STRONG), password)


@pytest.mark.parametrize("damage", [slice(0, 4), slice(24, 25), slice(0, 400)])
def test_bytes_that_are_no_pvk_are_told(damage: slice) -> None:
    data = bytearray(bytes.fromhex(PLAIN))
    del data[damage]
    with pytest.raises(keys.InvalidData):
        pvk.read_key(bytes(data), None)


def test_key_that_was_written_is_read_again(made: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    data = pvk.write_key(made[1], "Passw0rd")
    assert pvk.read_key(data, "Passw0rd").private_numbers() == made[1].private_numbers()
    assert pvk.write_key(made[1], "Passw0rd") != data
