// What a Node program does with Athena and S3 through the AWS SDK; prints what it saw as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.argv[2] + "/");
const { AthenaClient, StartQueryExecutionCommand, GetQueryExecutionCommand, paginateGetQueryResults,
        ListTableMetadataCommand, ListDatabasesCommand, ListDataCatalogsCommand, GetTableMetadataCommand,
        StopQueryExecutionCommand } = require("@aws-sdk/client-athena");
const { S3Client, PutObjectCommand, GetObjectCommand, CopyObjectCommand, DeleteObjectsCommand, ListObjectsV2Command,
        CreateBucketCommand } = require("@aws-sdk/client-s3");

const athena = new AthenaClient({});
const s3 = new S3Client({ forcePathStyle: true });
const out = {};

async function query(sql, database) {
  const { QueryExecutionId } = await athena.send(new StartQueryExecutionCommand({
    QueryString: sql, QueryExecutionContext: { Database: database }, ResultConfiguration: { OutputLocation: "s3://node/out/" } }));
  for (;;) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution.Status;
    if (State === "FAILED" || State === "CANCELLED") return StateChangeReason;
    if (State === "SUCCEEDED") break;
    await new Promise((r) => setTimeout(r, 20));
  }
  const rows = [];
  for await (const page of paginateGetQueryResults({ client: athena, pageSize: 1000 }, { QueryExecutionId }))
    rows.push(...page.ResultSet.Rows.map((r) => r.Data.map((c) => c.VarCharValue ?? null)));
  return rows;
}

await s3.send(new CreateBucketCommand({ Bucket: "node" }));
await query("create database nodes");
await query("create external table nodes.t (a int, b string) partitioned by (p string) stored as textfile location 's3://node/t/'");
await s3.send(new PutObjectCommand({ Bucket: "node", Key: "t/p=x/1.txt", Body: "1\u0001one\n2\u0001two\n" }));
await s3.send(new CopyObjectCommand({ Bucket: "node", Key: "t/p=y/1.txt", CopySource: "node/t/p=x/1.txt" }));
out.listed = (await s3.send(new ListObjectsV2Command({ Bucket: "node", Prefix: "t/" }))).Contents.map((o) => o.Key);
out.copied = await (await s3.send(new GetObjectCommand({ Bucket: "node", Key: "t/p=y/1.txt", Range: "bytes=2-4" }))).Body.transformToString();
await query("msck repair table nodes.t");
out.rows = await query("select p, sum(a) s, max(b) m from nodes.t group by p order by p");
out.many = (await query("select x from unnest(sequence(1, 2500)) u(x)")).length;
out.error = await query("select nothing from nodes.t");
// what a dashboard asks when it opens: catalogues, databases, tables page by page, one table
out.catalogs = (await athena.send(new ListDataCatalogsCommand({}))).DataCatalogsSummary.map((c) => c.CatalogName);
out.databases = (await athena.send(new ListDatabasesCommand({ CatalogName: "AwsDataCatalog" }))).DatabaseList.map((d) => d.Name);
for (let i = 0; i < 7; i++) await query(`create external table nodes.u${i} (x int) location 's3://node/u/'`);
const tables = [];
for (let token; ;) {
  const page = await athena.send(new ListTableMetadataCommand({ CatalogName: "AwsDataCatalog", DatabaseName: "nodes", MaxResults: 3, NextToken: token }));
  tables.push(...page.TableMetadataList.map((t) => t.Name));
  if (!(token = page.NextToken)) break;
}
out.tables = tables;
const table = (await athena.send(new GetTableMetadataCommand({ CatalogName: "AwsDataCatalog", DatabaseName: "nodes", TableName: "t" }))).TableMetadata;
out.columns = [...table.Columns, ...table.PartitionKeys].map((c) => `${c.Name} ${c.Type}`);
await s3.send(new DeleteObjectsCommand({ Bucket: "node", Delete: { Objects: out.listed.map((Key) => ({ Key })) } }));
out.left = (await s3.send(new ListObjectsV2Command({ Bucket: "node", Prefix: "t/" }))).KeyCount;
console.log(JSON.stringify(out));
