"""Tokens for key shares by the SD-JWT library of the standard's authors: `sdjwt.py issue|verify`, JSON in and out."""

from __future__ import annotations

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

TYP = "vnd.cdoc2.auth-token.v1+sd-jwt"


def issue(task: dict) -> list[str]:
    """A presentation for each URL, of one signature."""
    urls = [SDObj(url) for url in task["urls"]]
    claims = {"iss": task["issuer"], SDObj("aud"): urls}
    issuer = SDJWTIssuer(claims, JWK.from_pem(task["key"].encode()), sign_alg=task["algorithm"], extra_header_parameters={"typ": TYP})
    presentations = []
    for position in range(len(urls)):
        holder = SDJWTHolder(issuer.sd_jwt_issuance)
        holder.create_presentation({"aud": [number == position for number in range(len(urls))]})
        presentations.append(holder.sd_jwt_presentation)
    return presentations


def verify(task: dict) -> dict:
    """What is disclosed."""
    key = JWK.from_pem(task["key"].encode())

    def key_of(_issuer: str, header: dict) -> JWK:
        assert header == {"typ": TYP, "alg": task["algorithm"]}, header
        return key

    # The library's own default is ES256.
    return SDJWTVerifier(task["presentation"], key_of).get_verified_payload()


if __name__ == "__main__":
    json.dump({"issue": issue, "verify": verify}[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
