// Reads one disk with Microsoft's storage client, by a signature and by the
// account's key, and prints what it saw as one JSON document.
//
//   node disk.mjs SIGNED-URL PLAIN-URL ACCOUNT KEY OLDER-SNAPSHOT
import { createHash } from "node:crypto";
import { ContainerClient, PageBlobClient, StorageSharedKeyCredential } from "@azure/storage-blob";

const [signed, plain, account, key, older] = process.argv.slice(2);
const retryOptions = { maxTries: 1 };
const range = ({ start, end, offset, count }) => [start ?? offset, end === undefined ? count : end - start];

const disk = new PageBlobClient(signed, undefined, { retryOptions });
const sum = createHash("sha256");
const properties = await disk.getProperties();
const piece = 4 * 1024 * 1024;
for (let at = 0; at < properties.contentLength; at += piece) {
  const count = Math.min(piece, properties.contentLength - at);
  const answer = await disk.download(at, count, { rangeGetContentMD5: true });
  const chunks = [];
  for await (const chunk of answer.readableStreamBody) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (!createHash("md5").update(bytes).digest().equals(Buffer.from(answer.contentMD5))) {
    throw new Error(`the range at ${at} is not what was summed`);
  }
  sum.update(bytes);
}

const ranges = [];
for await (const r of disk.listPageRanges(0, properties.contentLength)) ranges.push(range(r));

const owned = new PageBlobClient(plain, new StorageSharedKeyCredential(account, key), { retryOptions });
const changes = [];
for await (const r of owned.listPageRangesDiff(0, properties.contentLength, older)) changes.push([...range(r), r.isClear === true]);

const container = new ContainerClient(plain.slice(0, plain.lastIndexOf("/")), new StorageSharedKeyCredential(account, key), { retryOptions });
const names = [];
for await (const b of container.listBlobsFlat()) names.push(b.name);

const refused = await new PageBlobClient(signed.replace(/sig=[^&]+/, "sig=AAAA"), undefined, { retryOptions })
  .getProperties()
  .then(() => "", (e) => `${e.statusCode} ${e.code ?? e.details?.errorCode}`);

console.log(JSON.stringify({ length: properties.contentLength, type: properties.blobType, sha256: sum.digest("hex"), ranges, changes, names, refused }));
