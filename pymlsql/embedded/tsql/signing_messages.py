"""Messages of certificates, signatures, master keys and of the execution context.

Texts are those of sql-docs. Its list gives severity 10 to some that end their statement; an error has 16 here.
"""

from __future__ import annotations

SIGNING_MESSAGES: dict[int, tuple[int, str]] = {
    15118: (16, "Password validation failed. The password does not meet the operating system policy requirements "
            "because it is not complex enough."),
    15136: (16, "The database principal is set as the execution context of one or more procedures, functions, or "
            "event notifications and cannot be dropped."),
    15147: (16, "No decryption password should be provided because the private key of this {} is encrypted by a master "
            "key."),
    15196: (16, "The current security context is non-revertible. The \"Revert\" statement failed."),
    15199: (16, "The current security context cannot be reverted. Please switch to the original database where '{}' "
            "was called and try it again."),
    15212: (16, "Invalid certificate subject. The certificate subject must have between 1 and {} characters."),
    15213: (10, "Warning: The certificate you created has an invalid validity period; its expiration date precedes its "
            "start date."),
    15214: (10, "Warning: The certificate you created is expired."),
    15215: (10, "Warning: The certificate you created is not yet valid; its start date is in the future."),
    15232: (16, "A certificate with name '{}' already exists or this certificate already has been added to the "
            "database."),
    15259: (16, "The DEFAULT_SCHEMA clause cannot be used with principals mapped to certificates or asymmetric keys."),
    15297: (16, "The certificate, asymmetric key, or private key data is invalid."),
    15299: (16, "The signature of the public key is invalid."),
    15332: (16, "The private key is already set for this file. To change it you should drop and re-create the "
            "certificate."),
    15334: (16, "The {} has a private key that is protected by a user defined password. That password needs to be "
            "provided to enable the use of the private key."),
    15345: (16, "An entity of type {} cannot be owned by a role, a group, or by principals mapped to certificates or "
            "asymmetric keys."),
    15352: (16, "The {} cannot be dropped because one or more entities are either signed or encrypted using it."),
    15357: (16, "The current security context was set by \"{}\". It cannot be reverted by statement \"{}\"."),
    15397: (16, "The {} is not protected by a password. A decryption password cannot be used for this operation."),
    15406: (16, "Cannot execute as the server principal because the principal \"{}\" does not exist, this type of "
            "principal cannot be impersonated, or you do not have permission."),
    15464: (16, "Unsupported private key format or key length."),
    15465: (16, "The private key password is invalid."),
    15466: (16, "An error occurred during decryption."),
    15474: (16, "Invalid private key. The private key does not match the public key of the {}."),
    15507: (16, "A key required by this operation appears to be corrupted."),
    15533: (16, "Invalid data type is supplied in the '{}' statement."),
    15556: (16, "Cannot decrypt or encrypt using the specified {}, either because it has no private key or because the "
            "password provided for the private key is incorrect."),
    15557: (16, "There is already a {} by {} '{}'."),
    15558: (16, "Cannot drop {} by {} '{}'."),
    15559: (16, "Cannot drop {} '{}' because there is a {} mapped to it."),
    15560: (16, "Cannot add or drop a signature on '{}' because only modules can be signed."),
    15563: (16, "The {} has no private key set for it."),
    15578: (16, "There is already a master key in the database. Please drop it before performing this statement."),
    15580: (16, "Cannot drop {} because {} '{}' is encrypted by it."),
    15581: (16, "Please create a master key in the database or open the master key in the session before performing "
            "this operation."),
    15583: (10, "The module being signed is marked to execute as owner. If the owner changes the signature will not be "
            "valid."),
    15589: (16, "Cannot revert the current security context because the cookie is invalid."),
    15590: (16, "Can only use the 'No Revert' or 'Cookie' options with the 'Execute As' statement at the adhoc level."),
    15591: (16, "The current security context cannot be reverted using this statement. A cookie may or may not be "
            "needed with 'Revert' statement depending on how the context was set with 'Execute As' statement."),
    18059: (20, "The connection has been dropped because the principal that opened it subsequently assumed a new "
            "security context, and then tried to reset the connection under its impersonated security context. This "
            "scenario is not supported. See \"Impersonation Overview\" in Books Online."),
}  # fmt: skip
