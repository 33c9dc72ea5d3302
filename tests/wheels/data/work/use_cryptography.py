"""Fernet, AES-GCM, keys, signatures and a certificate of its own."""
import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

box = Fernet(Fernet.generate_key())
assert box.decrypt(box.encrypt(b"corn")) == b"corn"
gcm = AESGCM(bytes(32))
assert gcm.decrypt(bytes(12), gcm.encrypt(bytes(12), b"a", b"b"), b"b") == b"a"

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
signed = key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
key.public_key().verify(signed, b"text", padding.PKCS1v15(), hashes.SHA256())
try:
    key.public_key().verify(signed, b"Text", padding.PKCS1v15(),
                            hashes.SHA256())
except InvalidSignature:
    pass
else:
    raise AssertionError("a wrong signature was taken")

curve = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "greencorn")])
now = datetime.datetime(2026, 1, 1)
made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(curve.public_key()).serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(curve, hashes.SHA256()))
pem = made.public_bytes(serialization.Encoding.PEM)
again = x509.load_pem_x509_certificate(pem)
again.verify_directly_issued_by(again)

# Its OpenSSL and Python's, which is another one, in the same process.
import hashlib  # noqa: E402
import ssl  # noqa: E402

ssl.create_default_context(cadata=pem.decode())
digest = hashes.Hash(hashes.SHA3_256())
digest.update(b"corn")
assert digest.finalize() == hashlib.sha3_256(b"corn").digest()
