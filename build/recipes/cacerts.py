"""certdata.txt (the argument) to PEM on stdout: server authorities only."""
import base64
import sys


def objects(lines):
    """Each object of the file as {attribute: value}; octal blobs as bytes."""
    item, lines = {}, iter(lines)
    for line in lines:
        words = line.split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "CKA_CLASS" and item:
            yield item
            item = {}
        if len(words) > 1 and words[1] == "MULTILINE_OCTAL":
            blob = bytearray()
            for line in lines:
                if line.strip() == "END":
                    break
                blob += bytes(int(o, 8) for o in line.strip().split("\\")[1:])
            item[words[0]] = bytes(blob)
        elif len(words) > 2:
            item[words[0]] = words[2].strip()
    yield item


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        found = list(objects(f))
    trusted = {
        (o.get("CKA_ISSUER"), o.get("CKA_SERIAL_NUMBER"))
        for o in found
        if o.get("CKA_CLASS") == "CKO_NSS_TRUST"
        and o.get("CKA_TRUST_SERVER_AUTH") == "CKT_NSS_TRUSTED_DELEGATOR"
    }
    certs = sorted(
        (o["CKA_LABEL"].strip('"'), o["CKA_VALUE"])
        for o in found
        if o.get("CKA_CLASS") == "CKO_CERTIFICATE"
        and (o.get("CKA_ISSUER"), o.get("CKA_SERIAL_NUMBER")) in trusted
    )
    for _, der in certs:
        text = base64.b64encode(der).decode()
        print("-----BEGIN CERTIFICATE-----")
        for i in range(0, len(text), 64):
            print(text[i : i + 64])
        print("-----END CERTIFICATE-----")


main()
