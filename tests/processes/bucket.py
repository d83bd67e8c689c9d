"""A client of an S3 server: makes, lists, reads, writes and deletes, as its words say.

ENDPOINT make|drop|list|get|put|delete BUCKET [KEY]; what is read goes to standard output, what is
written comes from standard input.
"""

import sys

import boto3

endpoint, word, bucket, *key = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="contoh",
    aws_secret_access_key="contoh",
)
match word:
    case "make":
        s3.create_bucket(Bucket=bucket)
    case "drop":
        s3.delete_bucket(Bucket=bucket)
    case "list":
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            print(one["Key"])
    case "get":
        sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=key[0])["Body"].read())
    case "put":
        s3.put_object(Bucket=bucket, Key=key[0], Body=sys.stdin.buffer.read())
    case "delete":
        s3.delete_object(Bucket=bucket, Key=key[0])
