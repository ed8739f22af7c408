"""The wire: routing, errors by protocol, signatures, bodies. Raw requests where an SDK is too kind."""

import datetime
import gzip
import hashlib
import hmac
import json
import socket

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import pytest
import requests

AUTH = ("AWS4-HMAC-SHA256 Credential=AK/20240101/us-east-1/kinesis/aws4_request, "
        "SignedHeaders=host, Signature=" + "0" * 64)
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


def post(tarn, target="Kinesis_20131202.ListStreams", data=b"{}", auth=AUTH, query="", **headers):
    base = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Date": "20240101T000000Z"}
    if target:
        base["X-Amz-Target"] = target
    if auth:
        base["Authorization"] = auth
    base.update({k.replace("_", "-"): v for k, v in headers.items()})
    return requests.post(tarn.endpoint + "/" + query, data=data, headers=base)


def kind(reply):
    return reply.status_code, reply.json()["__type"]


# ---- JSON protocols ----

def test_reply_headers(tarn):
    reply = post(tarn)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert len(reply.headers["x-amzn-RequestId"]) == 36 and reply.headers["x-amz-id-2"]
    assert "StreamNames" in reply.json()


def test_errors(tarn):
    assert kind(post(tarn, "Nothing_1.Do")) == (400, "UnknownOperationException")
    assert kind(post(tarn, "Kinesis_20131202.Nope")) == (400, "UnknownOperationException")
    assert kind(post(tarn, "nodot")) == (400, "UnknownOperationException")
    assert kind(post(tarn, data=b"{")) == (400, "SerializationException")
    assert kind(post(tarn, data=b"[]")) == (400, "SerializationException")
    missing = post(tarn, auth=None)
    assert kind(missing) == (400, "MissingAuthenticationTokenException")
    assert missing.json()["message"] == "Missing Authentication Token"
    incomplete = post(tarn, auth="AWS4-HMAC-SHA256 Signature=b", X_Amz_Date=None)
    assert kind(incomplete) == (400, "IncompleteSignatureException")
    assert incomplete.json()["message"] == (
        "Authorization header requires 'Credential' parameter. Authorization header requires "
        "'SignedHeaders' parameter. Authorization header requires existence of either a "
        "'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256")
    both = post(tarn, query="?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert kind(both) == (400, "InvalidSignatureException")
    assert kind(post(tarn, "Kinesis_20131202.SubscribeToShard"))[1] == "NotImplementedException"
    cbor = post(tarn, Content_Type="application/x-amz-cbor-1.1")
    assert cbor.status_code == 415 and "AWS_CBOR_DISABLE" in cbor.json()["message"]
    error = post(tarn, "Kinesis_20131202.DescribeStream", b'{"StreamName":"none"}')
    assert kind(error) == (400, "ResourceNotFoundException")
    assert error.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"


def test_no_target(tarn):
    assert kind(post(tarn, None)) == (400, "UnknownOperationException")
    other = AUTH.replace("kinesis", "dynamodb")
    reply = post(tarn, None, auth=other)
    assert kind(reply) == (400, "UnknownOperationException") and "dynamodb" in reply.text


@pytest.mark.parametrize("body, message", [
    ({}, "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: "
         "Member must not be null"),
    ({"StreamName": "a b", "ShardCount": 0},
     "2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: "
     "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '0' at 'shardCount' "
     "failed to satisfy constraint: Member must have value greater than or equal to 1"),
    ({"StreamName": "é" * 129}, "Member must have length less than or equal to 128"),
])
def test_validation(tarn, body, message):
    reply = post(tarn, "Kinesis_20131202.CreateStream", json.dumps(body).encode())
    assert kind(reply) == (400, "ValidationException")
    assert message in reply.json()["message"]


def test_types(tarn):
    for value, text in ((1, "NUMBER_VALUE can not be converted to a String"),
                        (True, "TRUE_VALUE can not be converted to a String"),
                        ([], "Start of list found where not expected"),
                        ({}, "Start of structure or map found where not expected")):
        reply = post(tarn, "Kinesis_20131202.DescribeStream",
                     json.dumps({"StreamName": value}).encode())
        assert kind(reply) == (400, "SerializationException") and text in reply.json()["message"]


def test_gzip_body(tarn):
    assert post(tarn, data=gzip.compress(b"{}"), Content_Encoding="gzip").status_code == 200
    bad = post(tarn, data=gzip.compress(b"{}")[:-9], Content_Encoding="gzip")
    assert kind(bad) == (400, "SerializationException")


# ---- HTTP ----

def raw(tarn, *pieces):
    """Sends bytes on one connection; returns all that comes until it is closed."""
    with socket.create_connection(("127.0.0.1", tarn.port), timeout=10) as s:
        for piece in pieces:
            s.sendall(piece)
        out = b""
        while True:
            got = s.recv(65536)
            if not got:
                return out
            out += got


def test_keep_alive_and_pipelining(tarn):
    one = b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    out = raw(tarn, one + one + last)
    assert out.count(b"HTTP/1.1 403") == 3 and out.count(b"AccessDenied") == 3


def test_expect_100(tarn):
    head = (b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\n\r\n")
    with socket.create_connection(("127.0.0.1", tarn.port), timeout=5) as s:
        s.sendall(head)
        assert s.recv(100).startswith(b"HTTP/1.1 100")
        s.sendall(b"abc")
        assert b" 403 " in s.recv(1000)


def test_chunked_transfer(tarn):
    out = raw(tarn, b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Kinesis_20131202.ListStreams\r\n"
              b"Content-Type: application/x-amz-json-1.1\r\nX-Amz-Date: 20240101T000000Z\r\n"
              b"Authorization: " + AUTH.encode() + b"\r\nConnection: close\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n")
    assert b" 200 " in out and b"StreamNames" in out


def test_head_has_no_body(tarn):
    out = raw(tarn, b"HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, body = out.split(b"\r\n\r\n", 1)
    assert b" 403 " in head and body == b""


def test_too_large(tarn):
    out = raw(tarn, b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    assert b"EntityTooLarge" in out


def test_preflight(tarn):
    def ask(origin):
        return requests.options(tarn.endpoint + "/", headers={
            "Origin": origin, "Access-Control-Request-Headers": "x-amz-target"})
    here = ask("http://localhost:3000")
    assert here.status_code == 200 and here.headers["Access-Control-Max-Age"] == "172800"
    assert here.headers["Access-Control-Allow-Headers"] == "x-amz-target"
    # Without credentials any page could forge a signature.
    assert ask("http://localhost.evil.example").status_code == 403
    assert ask("https://evil.example").status_code == 403


# ---- verified signatures ----

@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    from conftest_server import Server
    server = Server(tmp_path_factory.mktemp("guarded") / "data",
                    args=("--access-key", KEYS[0], "--secret-key", KEYS[1])).start()
    yield server
    assert server.stop() == 0


def client(server, service, keys=KEYS, **config):
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1",
                        aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
                        config=botocore.config.Config(retries={"max_attempts": 0},
                                                      s3={"addressing_style": "path"}, **config))


def refused(call, *codes):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] in codes


def test_good_signatures(guarded):
    kinesis, s3 = client(guarded, "kinesis"), client(guarded, "s3", signature_version="s3v4")
    assert kinesis.list_streams()["StreamNames"] == []
    s3.create_bucket(Bucket="signed")
    key = "a b/ü+%20&=*~'().txt"
    s3.put_object(Bucket="signed", Key=key, Body=b"body", Metadata={"x": "two  blanks"})
    assert s3.get_object(Bucket="signed", Key=key)["Body"].read() == b"body"
    assert s3.list_objects_v2(Bucket="signed", Prefix="a b/", Delimiter="/ +&")["KeyCount"] == 1
    assert client(guarded, "sts").get_caller_identity()["UserId"] == KEYS[0]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": key})
    assert requests.get(url).content == b"body"
    assert requests.get(url.replace("Expires=3600", "Expires=3601")).status_code == 403
    assert requests.put(url, data=b"x").status_code == 403
    version_2 = client(guarded, "s3", signature_version="s3").generate_presigned_url(
        "get_object", Params={"Bucket": "signed", "Key": key})
    assert "AWS4-HMAC-SHA256" in requests.get(version_2).text


def test_bad_signatures(guarded):
    wrong, unknown = (KEYS[0], "wrong"), ("unknown", KEYS[1])
    refused(client(guarded, "kinesis", wrong).list_streams, "InvalidSignatureException")
    refused(client(guarded, "kinesis", unknown).list_streams, "UnrecognizedClientException")
    refused(client(guarded, "s3", wrong).list_buckets, "SignatureDoesNotMatch")
    refused(client(guarded, "s3", unknown).list_buckets, "InvalidAccessKeyId")
    refused(client(guarded, "sts", wrong).get_caller_identity, "SignatureDoesNotMatch")
    refused(client(guarded, "sts", unknown).get_caller_identity, "InvalidClientTokenId")


def signed(server, service, method, path, body=b"", sent=None, when=None, monkeypatch=None,
           **headers):
    request = botocore.awsrequest.AWSRequest(method=method, url=server.endpoint + path, data=body,
                                             headers=headers)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    if when:
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: when)
    signer(botocore.credentials.Credentials(*KEYS), service, "us-east-1").add_auth(request)
    ready = request.prepare()
    return requests.request(method, ready.url, headers=dict(ready.headers),
                            data=body if sent is None else sent)


def test_changed_body(guarded):
    target = {"X-Amz-Target": "Kinesis_20131202.ListStreams",
              "Content-Type": "application/x-amz-json-1.1"}
    assert signed(guarded, "kinesis", "POST", "/", b"{}", **target).status_code == 200
    reply = signed(guarded, "kinesis", "POST", "/", b"{}", b"{ }", **target)
    assert kind(reply) == (400, "InvalidSignatureException")
    reply = signed(guarded, "s3", "PUT", "/signed/x", b"one", b"two")
    assert reply.status_code == 400 and "XAmzContentSHA256Mismatch" in reply.text


def test_old_requests(guarded, monkeypatch):
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=16)
    if not hasattr(botocore.auth, "get_current_datetime"):
        pytest.skip("this botocore takes its time elsewhere")
    when = old.replace(tzinfo=None)
    reply = signed(guarded, "kinesis", "POST", "/", b"{}", when=when, monkeypatch=monkeypatch,
                   **{"X-Amz-Target": "Kinesis_20131202.ListStreams"})
    assert kind(reply) == (400, "InvalidSignatureException")
    assert reply.json()["message"].startswith("Signature expired: ")
    reply = signed(guarded, "s3", "GET", "/", when=when, monkeypatch=monkeypatch)
    assert reply.status_code == 403 and "RequestTimeTooSkewed" in reply.text


def sign_chunks(headers, chunks, trailer=""):
    """An aws-chunked body signed chunk by chunk, after the request's own signature."""
    auth = dict(part.split("=", 1) for part in headers["Authorization"].split(" ", 1)[1].split(", "))
    scope = auth["Credential"].split("/", 1)[1]
    key = ("AWS4" + KEYS[1]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous, out = auth["Signature"], b""
    empty = hashlib.sha256(b"").hexdigest()

    def sign(what, *parts):
        nonlocal previous
        text = "\n".join([what, headers["X-Amz-Date"], scope, previous, *parts])
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return previous
    for chunk in [*chunks, b""]:
        signature = sign("AWS4-HMAC-SHA256-PAYLOAD", empty, hashlib.sha256(chunk).hexdigest())
        out += b"%x;chunk-signature=%s\r\n" % (len(chunk), signature.encode())
        out += chunk + b"\r\n" if chunk else b""
    if trailer:
        signature = sign("AWS4-HMAC-SHA256-TRAILER",
                         hashlib.sha256((trailer + "\n").encode()).hexdigest())
        out += f"{trailer}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return out + b"\r\n"


@pytest.mark.parametrize("trailer", ["", "x-amz-checksum-crc32:i9aeUg=="])
@pytest.mark.parametrize("spoil", [None, b"hello", b"world"])
def test_signed_chunks(guarded, trailer, spoil):
    client(guarded, "s3").create_bucket(Bucket="chunks")
    kind_of = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    chunks = [b"hello", b"-", b"world"]
    size = sum(map(len, chunks))

    class Signer(botocore.auth.S3SigV4Auth):
        def payload(self, request):
            return kind_of
    request = botocore.awsrequest.AWSRequest(
        method="PUT", url=guarded.endpoint + "/chunks/k", headers={
            "Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(size)})
    Signer(botocore.credentials.Credentials(*KEYS), "s3", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    if trailer:
        import base64
        import zlib
        value = base64.b64encode(zlib.crc32(b"".join(chunks)).to_bytes(4, "big")).decode()
        trailer = "x-amz-checksum-crc32:" + value
    body = sign_chunks(headers, chunks, trailer)
    if spoil:
        body = body.replace(spoil, spoil.upper())
    reply = requests.put(guarded.endpoint + "/chunks/k", data=body, headers=headers)
    if spoil:
        assert reply.status_code == 403 and "SignatureDoesNotMatch" in reply.text
    else:
        assert reply.status_code == 200, reply.text
        got = client(guarded, "s3").get_object(Bucket="chunks", Key="k")["Body"].read()
        assert got == b"hello-world"
