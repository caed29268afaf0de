// Walks one machine home with Microsoft's own client, as any program of others
// would. Usage: node walk.mjs ENDPOINTS ITEM, where ENDPOINTS is a file with the
// first line of "failback lab serve --tls".
//
// What it sees goes to standard output, one JSON document a line. After a line
// with "wait": true it goes on when a line comes in.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { SiteRecoveryManagementClient } from "@azure/arm-recoveryservices-siterecovery";

const [endpointFile, itemName] = process.argv.slice(2);
const lab = JSON.parse(readFileSync(endpointFile, "utf8"));
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const credential = {
  getToken: async () => ({ token: lab.token, expiresOnTimestamp: Date.now() + 3600_000 }),
};
const client = new SiteRecoveryManagementClient(credential, lab.subscription, {
  endpoint: lab.management,
  // The lab's time is fast; a server that is killed and served again is asked
  // again.
  retryOptions: { maxRetries: 8, retryDelayInMs: 100, maxRetryDelayInMs: 1000 },
});
const at = [lab.vault, lab.resource_group];

const say = (step, seen) => process.stdout.write(JSON.stringify({ step, ...seen }) + "\n");

// pause lets the other side look at the same moment with its own client.
async function pause(step, seen) {
  say(step, { ...seen, wait: true });
  if ((await input.next()).done) throw new Error(`nobody answers at ${step}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function all(iterator) {
  const rows = [];
  for await (const row of iterator) rows.push(row);
  return rows;
}

const readItem = async () => {
  const found = (await all(client.replicationProtectedItems.list(...at))).find((row) => row.name === itemName);
  if (!found) throw new Error(`the vault has no item ${itemName}`);
  return found;
};

// place are the names in an item's id. The service writes some keys with a
// capital letter.
const place = (id) => {
  const parts = id.split("/");
  const after = (key) => parts[parts.findIndex((part) => part.toLowerCase() === key.toLowerCase()) + 1];
  return [after("replicationFabrics"), after("replicationProtectionContainers"), after("replicationProtectedItems")];
};

const readJob = (name) => client.replicationJobs.get(...at, name);

// until polls a job as a person would, never the operation: a job that waits for
// a person has no end.
async function until(name, ...states) {
  for (;;) {
    const job = await readJob(name);
    if (states.includes(job.properties.state)) return job;
    if (["Failed", "Cancelled"].includes(job.properties.state)) {
      throw new Error(`the job ${name} is ${job.properties.state}: ${JSON.stringify(job.properties.errors)}`);
    }
    await sleep(100);
  }
}

// currentJob is the name of the job that works on the item.
async function currentJob() {
  const { currentScenario } = (await readItem()).properties;
  return currentScenario.jobId.split("/").pop();
}

async function discover() {
  const fabrics = await all(client.replicationFabrics.list(...at));
  const seen = {
    fabrics,
    providers: await all(client.replicationRecoveryServicesProviders.list(...at)),
    containers: await all(client.replicationProtectionContainers.list(...at)),
    items: await all(client.replicationProtectedItems.list(...at)),
    plans: await all(client.replicationRecoveryPlans.list(...at)),
    jobs: await all(client.replicationJobs.list(...at)),
    policies: await all(client.replicationPolicies.list(...at)),
    events: await all(client.replicationEvents.list(...at)),
    protectable: [],
    byContainer: [],
    points: [],
  };
  for (const fabric of fabrics) {
    for (const container of await all(client.replicationProtectionContainers.listByReplicationFabrics(...at, fabric.name))) {
      const where = [...at, fabric.name, container.name];
      seen.protectable.push(...(await all(client.replicationProtectableItems.listByReplicationProtectionContainers(...where))));
      seen.byContainer.push(...(await all(client.replicationProtectedItems.listByReplicationProtectionContainers(...where))));
    }
  }
  for (const item of seen.items) {
    seen.points.push(...(await all(client.recoveryPoints.listByReplicationProtectedItems(...at, ...place(item.id)))));
  }
  seen.health = await client.replicationVaultHealth.get(...at);
  return seen;
}

async function walk() {
  await pause("discovered", await discover());

  const item = await readItem();
  const where = [...at, ...place(item.id)];
  const failback = {
    properties: {
      failoverDirection: "RecoveryToPrimary",
      providerSpecificDetails: {
        instanceType: "HyperVReplicaAzureFailback",
        dataSyncOption: "ForDownTime",
        recoveryVmCreationOption: "NoAction",
      },
    },
  };
  // The poller is left alone: in this mode the job waits for a person.
  const begun = await client.replicationProtectedItems.beginPlannedFailover(...where, failback);
  const job = await currentJob();
  await pause("started", { job: await readJob(job), item: await readItem(), status: begun.getOperationState().status });
  await pause("suspended", { job: await until(job, "Suspended"), item: await readItem() });

  await client.replicationJobs.beginResumeAndWait(...at, job, { properties: { comments: "the window is open" } });
  await pause("home", { job: await until(job, "Succeeded"), item: await readItem() });
  // Now that the job has ended, its operation has a result.
  say("failed-back", { item: await begun.pollUntilDone() });

  const committed = await client.replicationProtectedItems.beginFailoverCommitAndWait(...where, { updateIntervalInMs: 200 });
  await pause("committed", { item: committed });

  const reversed = await client.replicationProtectedItems.beginReprotectAndWait(
    ...where,
    await reversal(item),
    { updateIntervalInMs: 200 },
  );
  say("reversed", { item: reversed });
  for (;;) {
    const now = await readItem();
    if (now.properties.allowedOperations.includes("PlannedFailover")) {
      await pause("protected", { item: now, jobs: await all(client.replicationJobs.list(...at)) });
      return;
    }
    await sleep(100);
  }
}

// reversal is the body that other clients send, from what the vault knows.
async function reversal(item) {
  const [fabric, container] = place(item.id);
  const source = await client.replicationProtectableItems.get(...at, fabric, container, item.properties.protectableItemId.split("/").pop());
  const details = item.properties.providerSpecificDetails;
  const system = details.azureVmDiskDetails.find((disk) => disk.vhdType === "OperatingSystem");
  return {
    properties: {
      failoverDirection: "PrimaryToRecovery",
      providerSpecificDetails: {
        instanceType: "HyperVReplicaAzure",
        hvHostVmId: source.properties.customDetails.sourceItemId,
        vmName: item.properties.friendlyName,
        osType: details.oSDetails.osType,
        vHDId: system.vhdId,
        storageAccountId: details.recoveryAzureStorageAccount,
      },
    },
  };
}

walk().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
