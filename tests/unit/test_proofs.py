"""Seals: the verifier that runs inside the server, this account's key, and what a seal is made over."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pymlsql import proofs, settings
from pymlsql._resources import read_text
from pymlsql.errors import SettingsError
from tests.interpreters import require_python37

VERIFIER = read_text("sql", "scripts/ed25519.py") + read_text("sql", "scripts/seal.py")

@pytest.fixture(autouse=True)
def _account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account of the test's own, without a key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


RFC_8032 = [
    # section 7.1: public key, message, signature
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
]  # fmt: skip
"""Test vectors 1, 2, 3 and SHA(abc)."""

ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def verifier() -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec(compile(VERIFIER, "seal.py", "exec"), found)
    return found


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032, ids=["1", "2", "3", "sha"])
def test_the_vectors_of_rfc_8032(verifier: dict[str, Any], key: str, message: str, signature: str) -> None:
    verify = verifier["ed25519_verify"]
    parts = [bytes.fromhex(text) for text in (key, message, signature)]
    assert verify(*parts)
    assert not verify(parts[0], parts[1] + b"x", parts[2])
    for place in range(64):
        changed = bytearray(parts[2])
        changed[place] ^= 1
        assert not verify(parts[0], parts[1], bytes(changed))


def test_forms_that_rfc_8032_refuses(verifier: dict[str, Any]) -> None:
    verify = verifier["ed25519_verify"]
    key, message, signature = (bytes.fromhex(text) for text in RFC_8032[1])
    s = int.from_bytes(signature[32:], "little")
    assert not verify(key, message, signature[:32] + (s + ORDER).to_bytes(32, "little"))
    assert not verify(key[:31], message, signature)
    assert not verify(key, message, signature[:63])
    assert not verify(b"\xff" * 32, message, signature)
    for small in (bytes(32), b"\x01" + bytes(31), (2**255 - 20).to_bytes(32, "little")):
        assert not verify(small, message, small + bytes(32))


def test_it_agrees_with_cryptography(verifier: dict[str, Any]) -> None:
    for number in range(20):
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"%d" % number).digest())
        message = b"m" * number
        assert verifier["ed25519_verify"](key.public_key().public_bytes_raw(), message, key.sign(message))


def test_it_runs_on_python_37(tmp_path: Path) -> None:
    lines = [f"print(ed25519_verify(*map(bytes.fromhex, {vector!r})))" for vector in RFC_8032]
    program = tmp_path / "verify.py"
    program.write_text(VERIFIER + "\n" + "\n".join(lines), encoding="ascii")
    command = [str(require_python37()), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["True"] * 4


STATEMENT = proofs.Statement(
    model="Größe '1'", sha256=hashlib.sha256(b"bytes").digest(), format="pickle", python_version="3.11.7",
    packages='{"numpy": "2"}', signature='{"version": 2}', sample="",
)  # fmt: skip


def as_procedure(statement: proofs.Statement) -> str:
    """The lines that a procedure puts together."""
    return "".join(line + "\n" for line in statement.to_bytes().decode().splitlines()[2:])


def test_the_script_verifies_what_the_toolkit_seals(verifier: dict[str, Any]) -> None:
    assert proofs.seal(STATEMENT) is None
    key = proofs.create_key()
    made = proofs.seal(STATEMENT)
    assert made is not None
    assert made.key == key
    assert proofs.is_valid(STATEMENT, made, [key])
    check = verifier["find_forgery"]
    arguments = (made.signature.hex().upper(), made.key.hex().upper())
    assert check(b"bytes", as_procedure(STATEMENT), *arguments, made.key_text) == ""
    assert check(b"bytes", as_procedure(STATEMENT), *arguments, f"{'0' * 64} {made.key_text}") == ""
    assert "does not trust" in check(b"bytes", as_procedure(STATEMENT), *arguments, "0" * 64)
    assert "carries no seal" in check(b"bytes", as_procedure(STATEMENT), "", "", made.key_text)
    assert "was changed" in check(b"bytes!", as_procedure(STATEMENT), *arguments, made.key_text)
    assert check(b"bytes!", as_procedure(STATEMENT), "", "", "") == ""


@pytest.mark.parametrize("part", ["model", "format", "python_version", "packages", "signature", "sample"])
def test_a_seal_covers_every_part(verifier: dict[str, Any], part: str) -> None:
    import dataclasses

    proofs.create_key()
    made = proofs.seal(STATEMENT)
    assert made is not None
    changed = dataclasses.replace(STATEMENT, **{part: getattr(STATEMENT, part) + " "})
    assert not proofs.is_valid(changed, made, [made.key])
    found = verifier["find_forgery"](
        b"bytes", as_procedure(changed), made.signature.hex(), made.key.hex(), made.key_text
    )
    assert "was changed" in found


def test_a_description_is_own_with_this_account_s_key_or_a_trusted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"a": 1}
    sealed = proofs.seal_description(values)
    assert proofs.is_own_description({**values, "seal": sealed}, sealed)
    assert not proofs.is_own_description({"a": 2}, sealed)
    for broken in (None, {}, "text", {"key": "zz", "signature": ""}):
        assert not proofs.is_own_description(values, broken)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    monkeypatch.chdir(tmp_path)
    assert not proofs.is_own_description(values, sealed)
    Path("pymlsql.toml").write_text(f"[security]\ntrusted_keys = {json.dumps([sealed['key']])}\n")
    assert proofs.is_own_description(values, sealed)


@pytest.mark.parametrize("text", ["", "ab", "z" * 64, "0" * 63])
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="64 hex digits"):
        proofs.parse_key(text)


def test_the_project_s_list_of_keys_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "pymlsql.toml"
    assert settings.trusted_keys(path) == ()
    for text in ('trusted_keys = "x"', "trusted_keys = [1]", 'trusted_keys = ["ab"]'):
        path.write_text(f"[security]\n{text}\n")
        with pytest.raises(SettingsError, match="list of public keys"):
            settings.trusted_keys(path)
