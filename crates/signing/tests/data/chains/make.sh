#!/bin/sh
# Makes the chains of this folder with OpenSSL 3 (see README.md).
set -eu
chain() { # name, openssl genpkey arguments, signature options
    name=$1; key=$2; signature=$3
    openssl genpkey $key -out ca.key
    openssl req -x509 -new -key ca.key -sha256 $signature -subj "/C=XX/O=Test/CN=$name CA" -days 14000 \
        -addext keyUsage=critical,keyCertSign,cRLSign -out "$name-ca.pem"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signer.key
    openssl req -new -key signer.key -subj "/C=XX/O=Test/CN=$name signer" -out signer.csr
    openssl x509 -req -in signer.csr -CA "$name-ca.pem" -CAkey ca.key -CAcreateserial -sha256 $signature -days 13000 \
        -extfile signer.cnf -out "$name-signer.pem"
    cp signer.csr "$name-request.pem"
}
trap 'rm -f ca.key signer.key signer.csr signer.cnf ./*.srl' EXIT
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.4.1.1847.2021.1.2\n' > signer.cnf
chain p256 "-algorithm EC -pkeyopt ec_paramgen_curve:P-256" ""
chain p384 "-algorithm EC -pkeyopt ec_paramgen_curve:P-384" ""
chain rsa "-algorithm RSA -pkeyopt rsa_keygen_bits:3072" ""
chain pss "-algorithm RSA -pkeyopt rsa_keygen_bits:2048" "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32"
openssl req -x509 -newkey rsa:1024 -nodes -keyout ca.key -sha256 -subj "/C=XX/O=Test/CN=short" -days 14000 -out rsa1024.pem
