"""S3 and STS as boto3 and the aws command see them."""

import base64
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import zlib

import boto3
import botocore.config
import botocore.exceptions
import pytest
import requests

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture(scope="module")
def s3(tarn):
    return tarn.client("s3")


@pytest.fixture(scope="module")
def s3v4(tarn):
    return tarn.client("s3", signature_version="s3v4")


@pytest.fixture
def bucket(s3, request):
    name = "b-" + hashlib.md5(request.node.name.encode()).hexdigest()[:12]
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=entry["Key"])
    s3.delete_bucket(Bucket=name)


def code(caught):
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def fails(expected, status):
    class Fails:
        def __enter__(self):
            self.inner = pytest.raises(botocore.exceptions.ClientError)
            self.caught = self.inner.__enter__()

        def __exit__(self, *exc):
            done = self.inner.__exit__(*exc)
            assert code(self.caught) == (expected, status)
            return done
    return Fails()


# ---- buckets ----

def test_bucket_life(s3):
    s3.create_bucket(Bucket="life")
    assert "life" in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    s3.head_bucket(Bucket="life")
    assert s3.get_bucket_location(Bucket="life")["LocationConstraint"] is None
    s3.create_bucket(Bucket="life")  # us-east-1: yours already
    s3.put_object(Bucket="life", Key="deep/er/x", Body=b"1")
    with fails("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket="life")
    s3.delete_object(Bucket="life", Key="deep/er/x")
    s3.delete_bucket(Bucket="life")
    with fails("404", 404):
        s3.head_bucket(Bucket="life")
    with fails("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="life")
    with fails("NoSuchBucket", 404):
        s3.put_object(Bucket="life", Key="x", Body=b"1")


def test_bad_bucket_name(tarn, s3):
    client = boto3.client("s3", endpoint_url=tarn.endpoint, aws_access_key_id="a",
                          aws_secret_access_key="b", region_name="us-east-1")
    client.meta.events.unregister("before-parameter-build.s3",
                                  botocore.handlers.validate_bucket_name)
    with fails("InvalidBucketName", 400):
        client.create_bucket(Bucket="Not_A_Bucket")


def test_not_configured(s3, bucket):
    with fails("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
    with fails("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    with fails("NotImplemented", 501):
        s3.put_bucket_policy(Bucket=bucket, Policy="{}")


# ---- objects ----

def test_round_trip(s3, bucket):
    body = os.urandom(300 * KIB)
    put = s3.put_object(Bucket=bucket, Key="a/b c+ü%&.txt", Body=body, ContentType="text/plain",
                        Metadata={"who": "me", "n": "1"}, CacheControl="max-age=5",
                        ContentEncoding="identity")
    assert put["ETag"] == '"%s"' % hashlib.md5(body).hexdigest()
    assert put["ChecksumCRC32"] == base64.b64encode(
        zlib.crc32(body).to_bytes(4, "big")).decode()
    got = s3.get_object(Bucket=bucket, Key="a/b c+ü%&.txt", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert got["ContentType"] == "text/plain" and got["CacheControl"] == "max-age=5"
    assert got["Metadata"] == {"who": "me", "n": "1"} and got["ContentEncoding"] == "identity"
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"]
    head = s3.head_object(Bucket=bucket, Key="a/b c+ü%&.txt")
    assert head["ContentLength"] == len(body) and head["ETag"] == put["ETag"]
    with fails("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="a")
    with fails("404", 404):
        s3.head_object(Bucket=bucket, Key="none")


def test_plain_file_on_disk(tarn, s3, bucket):
    s3.put_object(Bucket=bucket, Key="t/dt=2020/x.csv", Body=b"1,2\n")
    path = pathlib.Path(tarn.data_dir) / "objects" / bucket / "t" / "dt=2020" / "x.csv"
    assert path.read_bytes() == b"1,2\n"
    path.write_bytes(b"3,4,5\n")  # by another program
    got = s3.get_object(Bucket=bucket, Key="t/dt=2020/x.csv")
    assert got["Body"].read() == b"3,4,5\n"
    assert got["ETag"] == '"%s"' % hashlib.md5(b"3,4,5\n").hexdigest()
    (path.parent / "foreign.csv").write_bytes(b"f")
    keys = [e["Key"] for e in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["t/dt=2020/foreign.csv", "t/dt=2020/x.csv"]


def test_ranges(s3, bucket):
    body = bytes(range(256)) * 16
    s3.put_object(Bucket=bucket, Key="r", Body=body)
    def get(r):
        return s3.get_object(Bucket=bucket, Key="r", Range=r)
    got = get("bytes=10-19")
    assert got["Body"].read() == body[10:20]
    assert got["ContentRange"] == "bytes 10-19/4096"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert get("bytes=-5")["Body"].read() == body[-5:]
    assert get("bytes=4090-")["Body"].read() == body[4090:]
    assert get("bytes=4000-99999")["Body"].read() == body[4000:]
    with fails("InvalidRange", 416):
        get("bytes=4096-")


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="c", Body=b"1")["ETag"]
    args = dict(Bucket=bucket, Key="c")
    assert s3.get_object(IfMatch=etag, **args)["Body"].read() == b"1"
    with fails("PreconditionFailed", 412):
        s3.get_object(IfMatch='"x"', **args)
    with fails("304", 304):
        s3.get_object(IfNoneMatch=etag, **args)
    with fails("304", 304):
        s3.head_object(IfModifiedSince="2099-01-01", **args)
    with fails("PreconditionFailed", 412):
        s3.put_object(IfNoneMatch="*", Body=b"2", **args)
    s3.put_object(Bucket=bucket, Key="new", IfNoneMatch="*", Body=b"2")
    with fails("PreconditionFailed", 412):
        s3.put_object(IfMatch='"x"', Body=b"2", **args)
    s3.put_object(IfMatch=etag, Body=b"2", **args)


def test_copy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from é", Body=b"abc", ContentType="a/b", Metadata={"k": "v"})
    source = {"Bucket": bucket, "Key": "from é"}
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == b"abc" and got["ContentType"] == "a/b"
    assert got["Metadata"] == {"k": "v"}
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, MetadataDirective="REPLACE",
                   ContentType="c/d")
    assert s3.head_object(Bucket=bucket, Key="to")["ContentType"] == "c/d"
    with fails("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "to"})
    with fails("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "nope"})


def test_delete(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"d/<{i}>&", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="never/was")
    reply = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": f"d/<{i}>&"} for i in range(4)] + [{"Key": "absent"}]})
    assert len(reply["Deleted"]) == 5 and "Errors" not in reply
    assert [e["Key"] for e in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["d/<4>&"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "d/<4>&"}], "Quiet": True})
    assert "Deleted" not in quiet


def test_key_conflict(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    with fails("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"1")
    s3.put_object(Bucket=bucket, Key="f/g", Body=b"1")
    with fails("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="f", Body=b"1")
    with fails("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"1")


# ---- listing ----

KEYS = ["a-b", "a.txt", "a/", "a/1", "a/2/x", "a/2/y", "a0", "b/%z", "b/..", "b/./q", "b//c",
        "long/" + "x" * 600, "long/" + "x" * 250, "ü"]


@pytest.fixture(scope="module")
def listed(s3):
    s3.create_bucket(Bucket="listed")
    for key in KEYS:
        s3.put_object(Bucket="listed", Key=key, Body=key.encode())
    return "listed"


def rolled(keys, prefix="", delimiter="", after=""):
    out, seen = [], set()
    for key in sorted(keys, key=str.encode):
        if not key.startswith(prefix) or key.encode() <= after.encode():
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key if at < 0 else key[:at + len(delimiter)]
        if at >= 0 and (name in seen or name == after):
            continue
        seen.add(name)
        out.append(name)
    return out


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/2", "b/", "b//", "long/x", "none/", "ü"])
@pytest.mark.parametrize("delimiter", ["", "/", "x"])
@pytest.mark.parametrize("page", [1000, 1, 3])
def test_list(s3, listed, prefix, delimiter, page):
    got = []
    token = {}
    while True:
        reply = s3.list_objects_v2(Bucket=listed, Prefix=prefix, Delimiter=delimiter, MaxKeys=page,
                                   **token)
        part = [e["Key"] for e in reply.get("Contents", [])] + [
            p["Prefix"] for p in reply.get("CommonPrefixes", [])]
        assert reply["KeyCount"] == len(part) <= page
        got += sorted(part, key=str.encode)
        if not reply["IsTruncated"]:
            break
        token = {"ContinuationToken": reply["NextContinuationToken"]}
    assert got == rolled(KEYS, prefix, delimiter)


@pytest.mark.parametrize("after", ["a-b", "a/1", "a/2", "a/2/", "a/2/x", "zzz", "b/.."])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_start_after(s3, listed, after, delimiter):
    reply = s3.list_objects_v2(Bucket=listed, StartAfter=after, Delimiter=delimiter)
    got = [e["Key"] for e in reply.get("Contents", [])] + [
        p["Prefix"] for p in reply.get("CommonPrefixes", [])]
    assert sorted(got, key=str.encode) == rolled(KEYS, "", delimiter, after)
    v1 = s3.list_objects(Bucket=listed, Marker=after, Delimiter=delimiter)
    again = [e["Key"] for e in v1.get("Contents", [])] + [
        p["Prefix"] for p in v1.get("CommonPrefixes", [])]
    assert sorted(again) == sorted(got)


def test_list_details(s3, listed):
    entry = s3.list_objects_v2(Bucket=listed, Prefix="a/1")["Contents"][0]
    assert entry["Size"] == 3 and entry["ETag"] == '"%s"' % hashlib.md5(b"a/1").hexdigest()
    with fails("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=listed, ContinuationToken="forged")
    assert s3.list_objects_v2(Bucket=listed, MaxKeys=0)["KeyCount"] == 0
    pages = s3.get_paginator("list_objects").paginate(Bucket=listed, PaginationConfig={
        "PageSize": 2})
    assert [e["Key"] for p in pages for e in p["Contents"]] == sorted(KEYS, key=str.encode)
    assert len(s3.list_object_versions(Bucket=listed)["Versions"]) == len(KEYS)


# ---- large bodies ----

def test_multipart(s3, bucket):
    body = os.urandom(21 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", ExtraArgs={"Metadata": {"m": "1"}})
    head = s3.head_object(Bucket=bucket, Key="big")
    parts = [body[i:i + 8 * MIB] for i in range(0, len(body), 8 * MIB)]
    digest = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in parts)).hexdigest()
    assert head["ETag"] == f'"{digest}-3"' and head["Metadata"] == {"m": "1"}
    out = io.BytesIO()
    s3.download_fileobj(bucket, "big", out)
    assert out.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_multipart_by_hand(tarn, s3, bucket):
    args = dict(Bucket=bucket, Key="hand")
    upload = s3.create_multipart_upload(**args)["UploadId"]
    five = b"5" * (5 * MIB)
    one = s3.upload_part(PartNumber=1, UploadId=upload, Body=b"old", **args)["ETag"]
    one = s3.upload_part(PartNumber=1, UploadId=upload, Body=five, **args)["ETag"]
    two = s3.upload_part(PartNumber=3, UploadId=upload, Body=b"end", **args)["ETag"]
    listed = s3.list_parts(UploadId=upload, **args)["Parts"]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(1, 5 * MIB), (3, 3)]
    assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
    def complete(*parts):
        return s3.complete_multipart_upload(UploadId=upload, MultipartUpload={
            "Parts": [{"PartNumber": n, "ETag": e} for n, e in parts]}, **args)
    with fails("InvalidPart", 400):
        complete((1, one), (2, two))
    with fails("InvalidPartOrder", 400):
        complete((3, two), (1, one))
    complete((1, one), (3, two))
    assert s3.get_object(**args)["Body"].read() == five + b"end"
    with fails("NoSuchUpload", 404):
        complete((1, one), (3, two))
    upload = s3.create_multipart_upload(**args)["UploadId"]
    s3.upload_part(PartNumber=1, UploadId=upload, Body=b"x", **args)
    s3.abort_multipart_upload(UploadId=upload, **args)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert list((pathlib.Path(tarn.data_dir) / "uploads").iterdir()) == []


def test_spooled_body(tarn, s3, bucket):
    body = os.urandom(40 * MIB)
    put = s3.put_object(Bucket=bucket, Key="spooled", Body=body)
    assert put["ETag"] == '"%s"' % hashlib.md5(body).hexdigest()
    assert s3.get_object(Bucket=bucket, Key="spooled")["Body"].read() == body
    assert list((pathlib.Path(tarn.data_dir) / "tmp").iterdir()) == []


# ---- integrity ----

@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="sum", Body=b"hello", ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
    assert head["Checksum" + algorithm] == put["Checksum" + algorithm]


def test_known_checksums(s3, bucket):
    for name, value in (("CRC32C", "4waSgw=="), ("CRC64NVME", "rosUhgp5mIg=")):
        s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", **{"Checksum" + name: value})
        with fails("BadDigest", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"123456780", **{"Checksum" + name: value})
    with fails("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==")
    with fails("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"123456789"


def test_aws_chunked(s3, s3v4, bucket):
    crc = base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big")).decode()
    url = s3v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "chunked"})
    headers = {"Content-Encoding": "aws-chunked,gzip", "x-amz-decoded-content-length": "11",
               "x-amz-trailer": "x-amz-checksum-crc32",
               "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    def put(data, **more):
        return requests.put(url, data=data, headers=dict(headers, **more))
    good = f"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n"
    reply = put(good)
    assert reply.status_code == 200 and reply.headers["x-amz-checksum-crc32"] == crc
    got = s3.get_object(Bucket=bucket, Key="chunked")
    assert got["Body"].read() == b"hello world" and got["ContentEncoding"] == "gzip"
    assert "BadDigest" in put(good.replace(crc, "AAAAAA==")).text
    assert "IncompleteBody" in put("5\r\nhello\r\n").text
    assert "IncompleteBody" in put("5\r\nhello\r\n0\r\n\r\n").text
    assert "InvalidChunkSizeError" in put("zz\r\nhello\r\n0\r\n\r\n").text


# ---- addressing and authentication ----

def test_virtual_host(tarn, s3, bucket):
    s3.put_object(Bucket=bucket, Key="v", Body=b"host")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "v"})
    reply = requests.get(url.replace(f"/{bucket}/", "/"), headers={
        "Host": f"{bucket}.localhost:{tarn.port}"})
    assert reply.content == b"host"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_and_unsigned(tarn, bucket, version):
    s3 = tarn.client("s3", signature_version=version)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p q"})
    assert requests.put(url, data=b"presigned").status_code == 200
    got = s3.generate_presigned_url("get_object", Params={
        "Bucket": bucket, "Key": "p q", "ResponseContentType": "x/y"})
    reply = requests.get(got)
    assert reply.content == b"presigned" and reply.headers["Content-Type"] == "x/y"
    unsigned = requests.get(f"{tarn.endpoint}/{bucket}/p%20q")
    assert unsigned.status_code == 403 and "<Code>AccessDenied</Code>" in unsigned.text


def test_caller_identity(tarn):
    assert tarn.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert "MissingAuthenticationToken" in requests.post(
        tarn.endpoint, data={"Action": "GetCallerIdentity"}).text


# ---- the aws commands: pip's and Debian's ----

@pytest.mark.parametrize("aws", ["/usr/bin/aws", shutil.which("aws")])
def test_aws_cli(tarn, tmp_path, s3, bucket, aws):
    if not aws or not os.path.exists(aws):
        pytest.skip("no aws command here")
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="eu-west-1",
               HOME=str(tmp_path), AWS_PAGER="")

    def run(*args):
        done = subprocess.run([aws, "--endpoint-url", tarn.endpoint, *args], env=env, text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout
    source = tmp_path / "f.bin"
    source.write_bytes(os.urandom(9 * MIB))
    run("s3", "cp", str(source), f"s3://{bucket}/d/f.bin")
    assert "d/" in run("s3", "ls", f"s3://{bucket}/")
    assert "f.bin" in run("s3", "ls", f"s3://{bucket}/d/")
    run("s3", "cp", f"s3://{bucket}/d/f.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    run("s3", "sync", f"s3://{bucket}", str(tmp_path / "sync"))
    assert (tmp_path / "sync" / "d" / "f.bin").exists()
    assert "000000000000" in run("sts", "get-caller-identity")
    run("s3", "rm", "--recursive", f"s3://{bucket}")
    run("s3", "mb", "s3://by-cli")
    run("s3", "rb", "s3://by-cli")
