# Who vouched for a model's bytes: the seal of its version, verified before anything is loaded.
# in:  model      varbinary   the bytes
#      statement  nvarchar    the other lines of what the seal is made over, put together by the procedure
#      seal       nvarchar    the signature in hex, empty where the version has none
#      seal_key   nvarchar    the public key in hex that it names
#      trusted    nvarchar    public keys in hex, as the procedure's text pins them; empty where it asks for no seal


def find_forgery(data, statement, seal, seal_key, trusted):
    """Empty, or why these bytes may not be loaded."""
    keys = trusted.lower().split()
    if not keys:
        return ""
    if not seal:
        return "the version carries no seal"
    if seal_key.lower() not in keys:
        return f"its seal was made with the key {seal_key.lower()}, which this procedure does not trust"
    lines = f"pymlsql model 1\nbytes {hashlib.sha256(data).hexdigest().upper()}\n{statement}"
    key, signature = bytes.fromhex(seal_key), bytes.fromhex(seal)
    if not ed25519_verify(key, lines.encode("ascii"), signature):
        return "its seal is not over these bytes, name, signature, packages and sample: one of them was changed"
    return ""
